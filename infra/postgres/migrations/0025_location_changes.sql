-- Customers take their devices to other locations, as often as their plan allows.

alter table tariffs
    add column location_changes integer default 3       -- in any 30 days; 0: not offered,
        check (location_changes >= 0);                  -- null: any number

create table location_changes (
    device_id       uuid not null references devices on delete cascade,
    revision        bigint not null,                    -- the decision
    subscription_id uuid not null references subscriptions on delete cascade,
    from_location   text not null,
    to_location     text not null,
    changed_at      timestamptz not null,
    primary key (device_id, revision)
);
create index location_changes_of_subscription on location_changes (subscription_id, changed_at);
