-- What a customer, a key or an endpoint may spend, and what a month has had of a price that depends on it.

-- What limits compare with. Of the customer it is on the wallet's row, which a debit writes anyhow.
create type ledger_meter as (
    charged bigint,         -- micro-credits held or spent since there is a limit; what came back is taken off
    mark bigint,            -- up to here no cap has anything to say; null: there is none
    since timestamptz,      -- what was made before belongs to a window that has ended
    until timestamptz,      -- when the next window ends
    largest bigint,         -- of one hold
    holds integer,          -- open ones, where they are limited
    holds_max integer,
    every bigint,           -- microseconds for one call
    burst integer,
    full_at timestamptz     -- when as many calls as the burst are free again
);

alter table ledger_wallet
    add column meter ledger_meter,                              -- null: the customer has no limits
    add column metered boolean not null default false,          -- keys or endpoints have
    add column late_commit boolean not null default false,      -- a commit after expiry takes what is available
    add column forced bigint not null default 0 check (forced >= 0),    -- how far reported work went below the credit limit
    add column clock_shift interval,                            -- of a test wallet, whose clock can be moved
    drop constraint ledger_wallet_within_credit_limit,
    add constraint ledger_wallet_within_credit_limit check (
        balance - held - frozen >= -credit_limit - forced and least(held, frozen, debt, head_free, head_held, credit_limit) >= 0);

-- A key or an endpoint that has limits of its own.
create table ledger_subject (
    customer_id uuid not null,
    subject uuid not null,
    scope text not null check (scope in ('key', 'endpoint')),
    meter ledger_meter not null,
    primary key (customer_id, subject)
) with (fillfactor = 70);

-- One limit. A spend cap has had `charged - base` of its meter in the window that it is in.
create table ledger_limit (
    customer_id uuid not null,
    id uuid not null,
    source text not null check (source in ('plan', 'provider', 'customer')),
    scope text not null check (scope in ('customer', 'key', 'endpoint')),
    subject uuid,                               -- null: every key of the customer
    kind text not null check (kind in ('rate', 'holds', 'largest', 'spend')),
    period text check (period in ('day', 'month', 'lifetime')),
    hard bigint check (hard >= 0),              -- micro-credits, or open holds; refused above it
    soft bigint check (soft >= 0),              -- told of from here on, once a window
    every bigint check (every > 0),
    burst integer check (burst > 0),
    from_every_key boolean not null default false,  -- made of one for every key, at the key's first call
    base bigint not null default 0,
    starts_at timestamptz,
    ends_at timestamptz,
    warned boolean not null default false,
    told boolean not null default false,
    primary key (customer_id, id),
    constraint ledger_limit_once unique nulls not distinct (customer_id, source, scope, subject, kind, period),
    constraint ledger_limit_of_its_kind check (case kind
        when 'rate' then every is not null and burst is not null and hard is null and soft is null
        when 'spend' then period is not null and (hard is not null or soft is not null)
        else hard is not null and soft is null end and (period is not null) = (kind = 'spend')),
    constraint ledger_limit_warns_below check (soft <= hard)
);

-- The provider's own go before the plan's.
create view ledger_limit_in_force as
select l.* from ledger_limit l
where l.source <> 'plan' or not exists (
    select from ledger_limit p
    where p.customer_id = l.customer_id and p.source = 'provider' and p.scope = l.scope and p.subject is not distinct from l.subject
        and p.kind = l.kind and p.period is not distinct from l.period);

-- What a month has had of an endpoint, where its price depends on that. The month is of the customer's time zone.
create table ledger_tally (
    customer_id uuid not null,
    endpoint_id integer not null,
    month date not null,
    quantities jsonb not null,                  -- decimal strings by unit; "calls" are the calls
    primary key (customer_id, endpoint_id, month)
) with (fillfactor = 70);

alter type ledger_operation
    add attribute rule jsonb,               -- a price that depends on the month so far
    add attribute percent integer,          -- commit: the share of it that the outcome is billed
    add attribute happened_at timestamptz,  -- work that was done before it was told of
    add attribute so_far jsonb;             -- the core's own: what the month had before
-- Of a refusal, the limit; of a grant, how rates stand.
alter type ledger_result add attribute limits jsonb cascade;

alter table ledger_hold add column so_far jsonb;    -- what the month had before it, where its price depends on that
alter table ledger_call add column so_far jsonb;
