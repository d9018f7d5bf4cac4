-- Servers that the shop installs itself: their disguise, their saved key, and the shop's own peer.

alter table vpn_servers
    add column obfuscation          jsonb check (jsonb_typeof(obfuscation) = 'object'),
                                            -- AmneziaWG's parameters; null: plain WireGuard
    add column private_key_sealed   bytea,  -- so that a server that is installed anew is the same
                                            -- to its customers; null: registered by hand
    add column installed_at         timestamptz;
                                            -- its installation came to its end, checks included

create table server_canaries (              -- the shop's own peer on each server
    server_id               integer primary key references vpn_servers on delete cascade,
    public_key              text not null unique check (length(public_key) = 44),
    private_key_sealed      bytea not null,
    preshared_key_sealed    bytea not null,
    ipv4                    inet not null check (family(ipv4) = 4),
    ipv6                    inet not null check (family(ipv6) = 6),
    revision                bigint not null default 1,
    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now()
);
create trigger server_canaries_updated before update on server_canaries
    for each row execute function set_updated_at();
