-- Telegram Stars: a second price of a plan, and what Telegram tells of payments in them.

alter table tariffs add column price_stars integer check (price_stars > 0);    -- null: not for Stars

create table star_charges (
    charge_id       text primary key,                   -- telegram_payment_charge_id
    purchase_id     uuid not null references purchases,
    payer           bigint,                             -- a Telegram user id; null: erased
    amount          integer not null check (amount > 0),
    paid_at         timestamptz not null,
    is_surplus      boolean not null,                   -- the purchase was paid before: it goes back
    listed_at       timestamptz,                        -- null: told, and not yet in Telegram's list
    refunded_at     timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now()
);
create unique index one_charge_pays_a_purchase on star_charges (purchase_id) where not is_surplus;
create trigger star_charges_updated before update on star_charges
    for each row execute function set_updated_at();

create table star_lists (                               -- how far each bot's list has been read
    bot_id          bigint primary key,
    lines_read      integer not null check (lines_read >= 0)
);
