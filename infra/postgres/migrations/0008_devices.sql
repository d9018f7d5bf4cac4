-- Several devices for a subscription, keys that are replaced, and what devices transfer.

alter table devices
    add column removed_at timestamptz,                  -- the customer gave it up: it never returns
    add column held_revision bigint not null default 0, -- the last that its server confirmed to hold
    add constraint removed_devices_rest check (removed_at is null or not is_wanted);
update devices set held_revision = revision where is_wanted;
update devices set name = '' where name = 'wgshop';     -- unnamed: called in the reader's language

create table retired_keys (                             -- keys that a reissue replaced
    device_id       uuid not null references devices on delete cascade,
    last_revision   bigint not null,                    -- the key was the device's up to here
    public_key      text not null unique check (length(public_key) = 44),
    server_id       integer references vpn_servers on delete cascade,
                                                        -- which may hold it; null: none ever did
    gone_at         timestamptz,                        -- that server is known to hold it no more
    primary key (device_id, last_revision),
    check (server_id is not null or gone_at is not null)
);
create index retired_keys_to_remove on retired_keys (device_id, server_id) where gone_at is null;

create table device_traffic (                           -- no addresses of customers: personal data
    device_id       uuid not null references devices on delete cascade,
    server_id       integer not null,                   -- one that was forgotten still counts
    received_bytes  bigint not null,                    -- what the customer sent, in all
    sent_bytes      bigint not null,                    -- what the customer received, in all
    latest_handshake timestamptz,
    counted_key     text not null,                      -- the server's own counters when last read;
    counted_received bigint not null,                   -- they begin again at a restart and with
    counted_sent    bigint not null,                    -- another key
    primary key (device_id, server_id)
);

-- The first plans allow what customers expect, where nobody has bought one yet.
update tariffs set device_limit = fresh.device_limit,
                   description_ru = fresh.description_ru, description_en = fresh.description_en
from (values
    ('month', 2, 'A month of calm internet on one device.',
     'Месяц спокойного интернета на двух устройствах.',
     'A month of calm internet on two devices.'),
    ('quarter', 3, 'Three months for less than three single ones.',
     'Три месяца: дешевле, чем три раза по месяцу.',
     'Three months for less than three single ones.'),
    ('year', 5, 'A year without thinking of renewal.',
     'Год без забот о продлении, для всей семьи.',
     'A year without thinking of renewal, for the whole family.')
) as fresh (slug, device_limit, shipped_text, description_ru, description_en)
where tariffs.slug = fresh.slug and tariffs.device_limit = 1
  and tariffs.description_en = fresh.shipped_text
  and not exists (select from purchases);
