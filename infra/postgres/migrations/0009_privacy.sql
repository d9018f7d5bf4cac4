-- A customer's data on request: out of here, or gone. See docs/privacy.md.

-- An erased customer stays as a row under a random negative number, so that purchases and payments
-- keep belonging to one person whom nobody can name. Every reference to a customer, however long
-- the chain, has to follow that change. Later migrations that add a reference write
-- `on update cascade` themselves, or call this again; a test looks.
create function follow_erasures() returns void language plpgsql as $$
declare
    reference record;
begin
    for reference in
        with recursive following (oid, relation, name, definition, follows, columns) as (
            select c.oid, c.conrelid, c.conname, pg_get_constraintdef(c.oid), c.confupdtype,
                   c.conkey
            from pg_constraint c
            where c.contype = 'f' and c.confrelid = 'users'::regclass
            union
            select c.oid, c.conrelid, c.conname, pg_get_constraintdef(c.oid), c.confupdtype,
                   c.conkey
            from pg_constraint c
            join following f on c.confrelid = f.relation and c.confkey = f.columns
            where c.contype = 'f'
        )
        select distinct relation::regclass as relation, name, definition from following
        where follows <> 'c'
    loop
        execute format('alter table %s drop constraint %I, add constraint %I %s on update cascade',
                       reference.relation, reference.name, reference.name, reference.definition);
    end loop;
end $$;
select follow_erasures();

-- A trial's purchase was computed from the customer's number: whoever has the number could find the
-- trial of somebody who was erased. From now on it is random, and remembered.
create table trials (
    user_id         bigint primary key references users on update cascade,
    purchase_id     uuid not null unique,
    claimed_at      timestamptz not null default now()
);
insert into trials (user_id, purchase_id, claimed_at)
select distinct on (p.user_id) p.user_id, p.purchase_id, p.created_at
from purchases p join tariffs t using (tariff_id)
where t.is_trial and not exists (select from gifts where opened_as = p.purchase_id)
order by p.user_id, p.created_at;

create table erasures (                                 -- who asked is not in here
    erasure_id      uuid primary key,
    surrogate       bigint not null unique check (surrogate < 0),   -- their number in `users` since
    erased_at       timestamptz not null,
    finished_at     timestamptz                         -- no server holds a key of theirs any more
);

create table former_customers (                         -- for what everybody gets only once
    mark            text primary key,                   -- HMAC of the Telegram user id
    erased_on       date not null
);
