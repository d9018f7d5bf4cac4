-- Customers move from one server to another, or a server gets another key: who has to have a new file.

alter table devices
    add column file_digest text;            -- of the file that its owner was last given; null: none
                                            -- yet, or it was given before this was noted

alter table vpn_servers
    add column standby_of integer references vpn_servers on delete set null,
                                            -- it waits, with that one's key and networks, to take
                                            -- its customers; null: it is nobody's
    add column next_private_key_sealed bytea,
                                            -- a key that is about to become the server's
    add constraint standby_of_another check (standby_of <> server_id);

create table evacuations (
    evacuation_id   bigint generated always as identity primary key,
    cause           text not null check (cause in ('evacuation', 'key_rotation')),
    source_id       integer not null references vpn_servers on delete cascade,
    target_id       integer not null references vpn_servers on delete cascade,
    begun_at        timestamptz not null default now(),
    finished_at     timestamptz,            -- everybody has moved and knows
    check ((source_id = target_id) = (cause = 'key_rotation'))
);
create unique index one_evacuation_under_way on evacuations (source_id) where finished_at is null;

create table relocations (                  -- devices that an evacuation has decided about
    evacuation_id   bigint not null references evacuations on delete cascade,
    device_id       uuid not null references devices on delete cascade,
    revision        bigint not null,        -- the decision
    batch           integer not null,       -- a repeat of a step finds what it had decided
    decided_at      timestamptz not null default now(),
    settled_at      timestamptz,            -- its server holds it, or a later decision is in force
    outcome         text check (outcome in ('sent', 'same_file', 'unreachable', 'obsolete')),
                                            -- what became of its file; null: still to come
    primary key (evacuation_id, device_id, revision)
);
create index relocations_in_batch on relocations (evacuation_id, batch);
create index relocations_to_finish on relocations (evacuation_id, device_id)
    where settled_at is null or outcome is null;
create index relocations_of_device on relocations (device_id);
