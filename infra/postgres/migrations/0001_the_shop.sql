-- The first schema: customers, plans, purchases with their money, subscriptions with their devices,
-- VPN servers, and the memory that makes repeats harmless.

create function set_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end $$;

-- Customers ---------------------------------------------------------------------------------------

create table users (
    user_id         bigint primary key,                 -- the Telegram user id
    username        text,
    first_name      text not null default '',
    last_name       text,
    language        text not null check (language in ('ru', 'en')),
    email           text check (length(email) <= 254),  -- only where receipts (54-FZ) are on
    blocked_bot_at  timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now()
);
create trigger users_updated before update on users
    for each row execute function set_updated_at();

create table user_sessions (                            -- where a dialogue stands
    session_key     text primary key,
    state           text,
    data            jsonb not null default '{}',
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now()
);
create trigger user_sessions_updated before update on user_sessions
    for each row execute function set_updated_at();

-- What is for sale --------------------------------------------------------------------------------

create table tariffs (
    tariff_id       integer generated always as identity primary key,
    slug            text not null unique check (slug ~ '^[a-z0-9-]{1,40}$'),
    name_ru         text not null,
    name_en         text not null,
    description_ru  text not null,
    description_en  text not null,
    price           numeric(12, 2) not null check (price > 0),
    currency        text not null default 'RUB' check (currency ~ '^[A-Z]{3}$'),
    duration_days   integer not null check (duration_days between 1 and 3660),
    device_limit    integer not null default 1 check (device_limit > 0),
    locations       text[] not null default '{}',       -- empty: any
    position        integer not null default 0,
    is_for_sale     boolean not null default true,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now()
);
create trigger tariffs_updated before update on tariffs
    for each row execute function set_updated_at();

-- VPN servers -------------------------------------------------------------------------------------

create table vpn_servers (
    server_id       integer generated always as identity primary key,
    slug            text not null unique check (slug ~ '^[a-z0-9-]{1,32}$'),
    location        text not null,
    state           text not null default 'selling' check (state in ('selling', 'draining', 'down')),
    endpoint_host   text not null,
    endpoint_port   integer not null check (endpoint_port between 1 and 65535),
    public_key      text not null check (length(public_key) = 44),
    interface       text not null check (length(interface) between 1 and 15),
    dns             inet[] not null,
    mtu             integer not null default 1420 check (mtu between 1280 and 9000),
    network_v4      cidr not null check (family(network_v4) = 4),
    network_v6      cidr not null check (family(network_v6) = 6),
    ssh_host        text not null,
    ssh_port        integer not null default 22 check (ssh_port between 1 and 65535),
    ssh_user        text not null,
    ssh_host_key    text not null,                      -- pinned, as in known_hosts
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now()
);
create trigger vpn_servers_updated before update on vpn_servers
    for each row execute function set_updated_at();

-- Subscriptions and devices -----------------------------------------------------------------------

create table subscriptions (
    subscription_id uuid primary key,
    user_id         bigint not null references users,
    tariff_id       integer not null references tariffs,
    status          text not null check (status in ('active', 'expired', 'revoked')),
    starts_at       timestamptz not null,
    expires_at      timestamptz not null,
    revision        integer not null default 1,         -- grows with each change of expires_at
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    check (expires_at >= starts_at)
);
create unique index one_active_subscription_per_user on subscriptions (user_id)
    where status = 'active';
create index subscriptions_of_user on subscriptions (user_id, expires_at desc);
create trigger subscriptions_updated before update on subscriptions
    for each row execute function set_updated_at();

create table devices (
    device_id               uuid primary key,
    subscription_id         uuid not null references subscriptions,
    name                    text not null,
    public_key              text not null unique check (length(public_key) = 44),
    private_key_sealed      bytea not null,
    preshared_key_sealed    bytea not null,
    revision                bigint not null default 1,  -- grows with each decision about the peer
    is_wanted               boolean not null default true,
    absent_since            timestamptz,                -- its server is known to hold it no more
    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now()
);
create index devices_of_subscription on devices (subscription_id, created_at);
create trigger devices_updated before update on devices
    for each row execute function set_updated_at();

create table tunnel_addresses (                         -- a server's pool, filled when it is added
    server_id       integer not null references vpn_servers,
    ipv4            inet not null check (family(ipv4) = 4),
    ipv6            inet not null check (family(ipv6) = 6),
    device_id       uuid references devices,            -- null: free
    leaving_revision bigint,                            -- set: moved away, and the server may not know yet
    primary key (server_id, ipv4),
    unique (server_id, ipv6),
    check (leaving_revision is null or device_id is not null)
);
create unique index one_address_per_device on tunnel_addresses (device_id)
    where leaving_revision is null;
create index leaving_addresses on tunnel_addresses (device_id) where leaving_revision is not null;
create index free_addresses on tunnel_addresses (server_id, ipv4) where device_id is null;

-- Purchases and money -----------------------------------------------------------------------------

create table purchases (
    purchase_id     uuid primary key,
    user_id         bigint not null references users,
    tariff_id       integer not null references tariffs,
    price           numeric(12, 2) not null check (price > 0),
    currency        text not null check (currency ~ '^[A-Z]{3}$'),
    order_document  jsonb not null,                     -- the whole order, for a later run of it
    stage           text not null check (stage in (
                        'preparing', 'awaiting_payment', 'declined', 'expired', 'paid', 'setting_up',
                        'delayed', 'stuck', 'refunding', 'refunded', 'done')),
    stuck_reason    text check (stuck_reason in ('mismatch', 'server', 'capacity', 'refund')),
    cancellation    jsonb,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    check ((stage = 'stuck') = (stuck_reason is not null))
);
create index purchases_of_user on purchases (user_id, created_at desc);
create index purchases_under_way on purchases (stage, updated_at)
    where stage not in ('done', 'refunded', 'expired', 'declined');
create trigger purchases_updated before update on purchases
    for each row execute function set_updated_at();

create table invoices (
    invoice_id          bigint generated always as identity primary key,
    purchase_id         uuid not null references purchases,
    attempt             integer not null check (attempt >= 1),
    provider            text not null default 'yookassa',
    provider_payment_id text not null,
    confirmation_url    text not null,
    expires_at          timestamptz not null,
    created_at          timestamptz not null,
    unique (purchase_id, attempt),
    unique (provider_payment_id, provider)
);

create table payments (
    payment_id          bigint generated always as identity primary key,
    purchase_id         uuid not null references purchases,
    provider            text not null default 'yookassa',
    provider_payment_id text not null,
    amount              numeric(12, 2) not null check (amount >= 0),
    currency            text not null check (currency ~ '^[A-Z]{3}$'),
    status              text not null check (status in ('succeeded', 'refunding', 'refunded')),
    captured_at         timestamptz,
    is_test             boolean not null,
    metadata_sealed     bytea not null,                 -- the provider's whole answer; sealed anew
                                                        -- when keys rotate
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    unique (provider_payment_id, provider)
);
create index payments_of_purchase on payments (purchase_id);
create trigger payments_updated before update on payments
    for each row execute function set_updated_at();

create function keep_payments_unchanged() returns trigger language plpgsql as $$
begin
    if (old.payment_id, old.purchase_id, old.provider, old.provider_payment_id, old.amount, old.currency,
        old.captured_at, old.is_test, old.created_at)
       is distinct from
       (new.payment_id, new.purchase_id, new.provider, new.provider_payment_id, new.amount, new.currency,
        new.captured_at, new.is_test, new.created_at)
    then
        raise exception 'a payment is kept for audit: only its status may change';
    end if;
    return new;
end $$;
create trigger payments_unchanged before update on payments
    for each row execute function keep_payments_unchanged();
create function keep_payments() returns trigger language plpgsql as $$
begin
    raise exception 'a payment is kept for audit: it is never deleted';
end $$;
create trigger payments_kept before delete on payments
    for each row execute function keep_payments();
create trigger payments_not_emptied before truncate on payments
    for each statement execute function keep_payments();

create table refunds (
    provider_refund_id  text primary key,
    payment_id          bigint not null references payments,
    amount              numeric(12, 2) not null check (amount > 0),
    currency            text not null check (currency ~ '^[A-Z]{3}$'),
    created_at          timestamptz not null default now()
);

create table grants (
    grant_id        uuid primary key,
    purchase_id     uuid not null unique references purchases,
    payment_id      bigint not null unique references payments,
    subscription_id uuid not null references subscriptions,
    device_id       uuid not null references devices,
    starts_at       timestamptz not null,
    expires_at      timestamptz not null,
    is_renewal      boolean not null,
    revoked_at      timestamptz,
    created_at      timestamptz not null default now(),
    check (expires_at > starts_at)
);
create index grants_of_subscription on grants (subscription_id, starts_at);

create table subscription_events (
    event_id        bigint generated always as identity primary key,
    subscription_id uuid not null references subscriptions,
    kind            text not null,
    details         jsonb not null default '{}',
    created_at      timestamptz not null default now()
);
create index events_of_subscription on subscription_events (subscription_id, event_id);

-- Memory against repeats --------------------------------------------------------------------------

create table provider_notifications (                   -- stored raw, once
    event           text not null,
    object_id       text not null,
    body_sealed     bytea not null,
    sender          inet not null,
    received_at     timestamptz not null,
    handled_at      timestamptz,
    primary key (event, object_id)
);

create table telegram_updates (                         -- handled to the end
    update_id       bigint primary key,
    handled_at      timestamptz not null
);
create index telegram_updates_by_age on telegram_updates (handled_at);

create table notifications (                            -- messages that must not be sent twice
    notice_key      text primary key,
    user_id         bigint references users,
    message_id      bigint,                             -- null: claimed, outcome not yet known
    claimed_at      timestamptz not null default now(),
    sent_at         timestamptz,
    check ((message_id is null) = (sent_at is null))
);

create table admin_logs (
    log_id          bigint generated always as identity primary key,
    actor           text not null,
    action          text not null,
    subject         text not null,
    details         jsonb not null default '{}',
    created_at      timestamptz not null default now()
);
create index admin_logs_of_subject on admin_logs (subject, log_id);
create unique index one_log_for_each_act on admin_logs (subject, action, actor, created_at);
