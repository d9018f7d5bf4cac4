-- Whether a VPN server is well, by what the shop has seen of it.

create table server_health (                -- no row: not looked at yet
    server_id   integer primary key references vpn_servers on delete cascade,
    health      text not null check (health in ('healthy', 'suspect', 'down')),
    symptom     text check (symptom in ('gone', 'no_program', 'refuses', 'interface', 'blocked',
                                        'unreached', 'nothing_passes')),
    detail      text not null,
    bad_looks   integer not null,           -- in a row
    good_looks  integer not null,
    since       timestamptz not null,       -- when it became what it is
    looked_at   timestamptz not null,
    told        text not null default 'healthy' check (told in ('healthy', 'suspect', 'down')),
                                            -- what the staff know
    check ((symptom is null) = (health = 'healthy'))
);
