-- Money back: what plans promise, what was decided, and which money stands behind which time.

alter table tariffs
    add column refund_rule text not null default 'pro_rata'
        check (refund_rule in ('full_within', 'pro_rata', 'none')),
    add column refund_days integer not null default 14 check (refund_days > 0),
    add column refund_traffic_bytes bigint check (refund_traffic_bytes >= 0);  -- null: any traffic

alter table payments drop constraint payments_status_check;
alter table payments add constraint payments_status_check
    check (status in ('succeeded', 'refunding', 'partially_refunded', 'refunded'));

-- What a grant lost again, by a refund or a change of plan; the rest of it is still granted.
alter table grants
    add column taken_back interval not null default '0'
        check (taken_back >= interval '0' and taken_back <= expires_at - starts_at);
alter table grants drop constraint grants_cause_check;
alter table grants add constraint grants_cause_check
    check (cause in ('purchase', 'trial', 'gift', 'referral', 'change', 'restored'));
alter table grants drop constraint grants_origin_check;
alter table grants add constraint grants_origin_check
    check (case cause when 'referral' then purchase_id is null and friend_id is not null
                      when 'restored' then purchase_id is null and friend_id is null
                      when 'change' then friend_id is null
                      else purchase_id is not null and friend_id is null end);

create table grant_money (              -- the part of a payment that stands behind a grant, where
    grant_id    uuid not null references grants,        -- it is not simply the grant's own payment
    payment_id  bigint not null references payments,
    amount      numeric(12, 2) not null check (amount >= 0),
    primary key (grant_id, payment_id)
);
create index money_of_payment on grant_money (payment_id);

create view money_behind as             -- all of it: who wants to know asks here
    select grant_id, payment_id, amount from grant_money where amount > 0
    union all
    select g.grant_id, g.payment_id, p.amount
    from grants g join payments p on p.payment_id = g.payment_id
    where g.revoked_at is null and not exists (
        select from grant_money m where m.grant_id = g.grant_id and m.payment_id = g.payment_id);

-- Decided refunds -----------------------------------------------------------------------------------

create table refund_cases (
    refund_id       uuid primary key,
    user_id         bigint not null references users on update cascade,
    subscription_id uuid references subscriptions,      -- whose time was taken
    actor           text not null,                      -- `customer`, or who of the staff
    decided_at      timestamptz not null
);
create index refund_cases_of_user on refund_cases (user_id, decided_at desc);

create table refund_parts (             -- one for each payment that money goes back of
    refund_id           uuid not null references refund_cases,
    payment_id          bigint not null references payments,
    amount              numeric(12, 2) not null check (amount > 0),
    lost                interval not null check (lost >= interval '0'),    -- access that was given up
    state               text not null default 'owed' check (state in ('owed', 'done', 'given_up')),
    provider_refund_id  text unique references refunds deferrable initially deferred,
    primary key (refund_id, payment_id),
    check ((state = 'done') = (provider_refund_id is not null))
);
create index refund_parts_of_payment on refund_parts (payment_id);

create function keep_refunds_within_payment() returns trigger language plpgsql as $$
declare
    paid numeric;
    back numeric;
begin
    select amount into paid from payments where payment_id = new.payment_id for no key update;
    select coalesce((select sum(amount) from refunds where payment_id = new.payment_id), 0)
         + coalesce((select sum(amount) from refund_parts
                     where payment_id = new.payment_id and state = 'owed'), 0)
    into back;
    if back > paid then
        raise exception 'refunds of payment % would add up to more than was paid', new.payment_id;
    end if;
    return null;
end $$;
create trigger refunds_within_payment after insert on refunds
    for each row execute function keep_refunds_within_payment();
create trigger owed_refunds_within_payment after insert or update of amount, state on refund_parts
    for each row execute function keep_refunds_within_payment();
