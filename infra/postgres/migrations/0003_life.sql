-- What a plan promises about its reminders, and since when a subscription's end has stood.

alter table tariffs
    add column reminder_leads interval[] not null default '{3 days,24 hours}',  -- before the end
    add column win_back_after interval[] not null default '{3 days}';           -- after the end

alter table subscriptions add column end_set_at timestamptz;  -- null: before this was kept

comment on column subscriptions.end_set_at is
    'when the present end was decided: a period shorter than a reminder''s lead is not reminded of';
