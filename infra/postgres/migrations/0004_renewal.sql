-- Renewal by itself: what the plan promises, what the customer agreed to, and what may be charged.

alter table tariffs
    add column charge_offsets interval[] not null          -- before (-) and after (+) the end
        default '{-24 hours,-4 hours,20 hours}',
    add column charge_notice interval not null default '24 hours',  -- before the first charge
    add column grace interval not null default '24 hours'           -- of access, while it is tried
        check (grace >= interval '0');

create table saved_methods (                                -- cards that a customer let us keep
    method_id       text primary key,                       -- the provider's
    user_id         bigint not null references users,
    provider        text not null default 'yookassa',
    title_sealed    bytea,                                  -- such as "Bank card *4477"
    saved_at        timestamptz not null,
    unlinked_at     timestamptz
);
create index saved_methods_of_user on saved_methods (user_id) where unlinked_at is null;

create table renewal_consents (                             -- kept as evidence: only ends are added
    purchase_id     uuid primary key references purchases,  -- the purchase it was given with
    user_id         bigint not null references users,
    tariff_id       integer not null references tariffs,
    price           numeric(12, 2) not null check (price > 0),
    currency        text not null check (currency ~ '^[A-Z]{3}$'),
    wording_version text not null,
    wording         text not null,                          -- what the customer read
    given_at        timestamptz not null,
    method_id       text references saved_methods,          -- null until the card is saved
    withdrawn_at    timestamptz,
    withdrawn_why   text,
    check ((withdrawn_at is null) = (withdrawn_why is null))
);
create unique index one_live_consent_per_user on renewal_consents (user_id)
    where method_id is not null and withdrawn_at is null;

create view live_consents as
    select * from renewal_consents where method_id is not null and withdrawn_at is null;
