-- Servers are brought to the ledger: numbered sets of peers, and how far from them a server was.

alter table vpn_servers
    add column peer_generation bigint not null default 0;
                                            -- of the newest set that was read for it

create table server_drifts (                -- of those without drift only the newest is kept
    server_id   integer not null references vpn_servers on delete cascade,
    generation  bigint not null,
    found_at    timestamptz not null default now(),
    missing     integer not null,           -- peers that it had confirmed and held no more
    changed     integer not null,           -- peers with another address or an older decision
    returned    integer not null,           -- peers that were gone and were back
    blocked     integer not null,           -- peers whose address a stranger holds
    strangers   text[] not null,            -- public keys that the ledger does not know
    mended_at   timestamptz,                -- the server was brought to this generation
    primary key (server_id, generation)
);
