-- Trials, promo codes, loyal customers' discounts, referrals and gifts.

-- Trials ------------------------------------------------------------------------------------------

alter table tariffs add column is_trial boolean not null default false;
alter table tariffs drop constraint tariffs_price_check;
alter table tariffs add constraint tariffs_price_check
    check (case when is_trial then price = 0 else price > 0 end);
create unique index one_trial_on_offer on tariffs (is_trial) where is_trial and is_for_sale;

insert into tariffs (slug, name_ru, name_en, description_ru, description_en,
                     price, duration_days, device_limit, position, is_trial, is_for_sale)
values ('trial', 'Пробный период', 'Free trial',
        'Попробуйте, прежде чем платить.', 'Try it before you pay.',
        0, 3, 1, 0, true, false)                        -- off until the owner switches it on
on conflict (slug) do nothing;

alter table purchases drop constraint purchases_price_check;
alter table purchases add constraint purchases_price_check check (price >= 0);

-- Discounts ---------------------------------------------------------------------------------------

create table promo_codes (
    promo_id                integer generated always as identity primary key,
    code                    text not null unique check (code ~ '^[A-Z0-9_-]{3,32}$'),
    kind                    text not null check (kind in ('percent', 'fixed', 'days')),
    worth                   numeric(12, 2) not null check (worth > 0),
    max_uses                integer check (max_uses > 0),           -- null: as many as come
    max_uses_each           integer not null default 1 check (max_uses_each > 0),
    starts_at               timestamptz,
    ends_at                 timestamptz,
    tariffs                 integer[] not null default '{}',        -- empty: any
    is_for_first_purchase   boolean not null default false,
    combines                boolean not null default false,
    is_enabled              boolean not null default true,
    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now(),
    check (kind <> 'percent' or worth <= 100),
    check (kind = 'fixed' or worth = trunc(worth)),
    check (ends_at > starts_at)
);
create trigger promo_codes_updated before update on promo_codes
    for each row execute function set_updated_at();

create table promo_choices (                            -- the code that a customer has entered
    user_id     bigint primary key references users,
    promo_id    integer not null references promo_codes,
    chosen_at   timestamptz not null default now()
);

create table discount_uses (                            -- discounts that are counted
    purchase_id             uuid primary key references purchases,
    user_id                 bigint not null references users,
    promo_id                integer references promo_codes,         -- null: without a code
    is_for_first_purchase   boolean not null,
    state                   text not null check (state in ('held', 'spent', 'released')),
    held_until              timestamptz not null,       -- past it, a held one does not count
    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now(),
    check (promo_id is not null or is_for_first_purchase)
);
create index uses_of_promo on discount_uses (promo_id) where state <> 'released';
create index uses_of_customer on discount_uses (user_id) where state <> 'released';
create trigger discount_uses_updated before update on discount_uses
    for each row execute function set_updated_at();

create table loyalty_rules (                            -- the owner's
    rule_id         integer generated always as identity primary key,
    after_periods   integer check (after_periods > 0),
    after_months    integer check (after_months > 0),   -- of 30 paid days
    percent         integer not null check (percent between 1 and 100),
    check (num_nonnulls(after_periods, after_months) = 1)
);

create table promotion_terms (                          -- the owner's choices: one row
    is_only         boolean primary key default true check (is_only),
    reward_days     integer not null default 7 check (reward_days >= 0),    -- 0: no rewards
    reward_hold     interval not null default '7 days' check (reward_hold >= '0'),
    welcome_percent integer not null default 0 check (welcome_percent between 0 and 100)
);
insert into promotion_terms default values;

-- Gifts -------------------------------------------------------------------------------------------

create table gifts (
    purchase_id uuid primary key references purchases,  -- that paid for it
    code        text not null unique,
    opening     integer not null default 1 check (opening > 0),    -- which try is the next, or is on
    opened_by   bigint references users,
    opened_as   uuid unique references purchases,       -- at no price, for whoever opened it
    opened_at   timestamptz,
    voided_at   timestamptz,                            -- its money was given back
    created_at  timestamptz not null default now(),
    check (num_nonnulls(opened_by, opened_as, opened_at) in (0, 3))
);

-- Referrals ---------------------------------------------------------------------------------------

create table invitations (                              -- whose link it is
    user_id     bigint primary key references users,
    code        text not null unique,
    created_at  timestamptz not null default now()
);

create table referrals (
    friend_id   bigint primary key references users,    -- invited once, by one
    referrer_id bigint not null references users,
    created_at  timestamptz not null default now(),
    check (friend_id <> referrer_id)
);
create index referrals_of_referrer on referrals (referrer_id);

create table referral_rewards (
    friend_id   bigint primary key references referrals,
    purchase_id uuid not null unique references purchases,         -- the friend's first that was paid
    days        integer not null check (days > 0),
    due_at      timestamptz not null,                   -- when that payment is safe
    state       text not null default 'waiting'
                check (state in ('waiting', 'credit', 'granted', 'cancelled')),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);
create trigger referral_rewards_updated before update on referral_rewards
    for each row execute function set_updated_at();

-- What a grant is for: each cause gives once ------------------------------------------------------

alter table grants alter column payment_id drop not null;
alter table grants alter column purchase_id drop not null;
alter table grants add column cause text not null default 'purchase'
    constraint grants_cause_check check (cause in ('purchase', 'trial', 'gift', 'referral'));
alter table grants add column friend_id bigint unique references referral_rewards;
alter table grants add constraint grants_paid_check
    check (cause <> 'purchase' or payment_id is not null);
alter table grants add constraint grants_free_check
    check (cause not in ('trial', 'gift', 'referral') or payment_id is null);
alter table grants add constraint grants_origin_check
    check (case when cause = 'referral' then purchase_id is null and friend_id is not null
                else purchase_id is not null and friend_id is null end);
