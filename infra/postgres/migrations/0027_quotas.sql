-- How much traffic a plan includes in thirty days, and what of it is used.

alter table tariffs
    add column traffic_gb integer           -- 10^9 bytes, both ways of all devices together;
        check (traffic_gb > 0),             -- null: no limit
    add column slow_mbit integer not null default 1     -- each device, each way, when it is used up
        check (slow_mbit between 1 and 100000);

create table subscription_traffic (         -- of the present period
    subscription_id uuid primary key references subscriptions on delete cascade,
    period_since    timestamptz not null,
    used_bytes      bigint not null default 0 check (used_bytes >= 0),
    told            text check (told in ('nearly', 'used_up')),     -- what the customer has heard,
    told_gb         integer,                                        -- and of which quota
    check ((told is null) = (told_gb is null))
);
create index subscription_traffic_by_period on subscription_traffic (period_since);
