-- Another plan for the rest of a subscription, and a subscription that stands still for a while.

alter table tariffs
    add column freeze_days_per_period integer not null default 0    -- 0: no freezing
        check (freeze_days_per_period between 0 and 366);

alter table subscriptions
    add column frozen_at timestamptz,
    add column frozen_for interval not null default '0',    -- ended freezes since starts_at: they
                                                            -- moved the end, and granted nothing
    add column freeze_used interval not null default '0';   -- of the present period's allowance
alter table subscriptions drop constraint subscriptions_status_check;
alter table subscriptions add constraint subscriptions_status_check
    check (status in ('active', 'frozen', 'expired', 'revoked'));
alter table subscriptions add constraint frozen_since_a_time
    check ((status = 'frozen') = (frozen_at is not null));

drop index one_active_subscription_per_user;
create unique index one_living_subscription_per_user on subscriptions (user_id)
    where status in ('active', 'frozen');

-- What a subscription may become: `TRANSITIONS` in domain/subscriptions.py, drawn in
-- docs/subscription.md. A test compares the three.
create function keep_to_transitions() returns trigger language plpgsql as $$
begin
    if (old.status, new.status) not in (
        ('active', 'frozen'), ('active', 'expired'), ('active', 'revoked'),
        ('frozen', 'active'), ('frozen', 'expired'), ('frozen', 'revoked'),
        ('expired', 'active'), ('expired', 'revoked'), ('revoked', 'active'))
    then
        raise exception 'a subscription that is % never becomes %', old.status, new.status;
    end if;
    return new;
end $$;
create trigger subscriptions_keep_to_transitions before update of status on subscriptions
    for each row when (old.status is distinct from new.status)
    execute function keep_to_transitions();
