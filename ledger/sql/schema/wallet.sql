-- What a customer has now: one wallet, its lots, its open holds. Small tables, updated in place.

create table ledger_wallet (
    customer_id uuid primary key,
    balance bigint not null default 0,          -- micro-credits; account U20 of the journal
    held bigint not null default 0,
    frozen bigint not null default 0,
    credit_limit bigint not null default 0,
    debt bigint not null default 0,             -- spent on credit, covered by no lot yet
    version bigint not null default 0,          -- transactions so far: the order of history
    lots integer not null default 0,            -- lots granted so far: the order of issue
    -- The head lot is the one to be spent next. Its counters live here while it is the head, so
    -- that the common hold writes this row and its own only. Null: to be chosen at the next need.
    head_id uuid,
    head_free bigint not null default 0,
    head_held bigint not null default 0,
    -- The highest UUIDv7 used as a key so far. A higher one is new: it need not be looked for.
    last_key uuid,
    -- No later than the next instant at which a hold or a lot expires. Null: never.
    due_at timestamptz,
    -- available = balance - held - frozen
    constraint ledger_wallet_within_credit_limit check (
        balance - held - frozen >= -credit_limit and least(held, frozen, debt, head_free, head_held, credit_limit) >= 0)
) with (fillfactor = 50);

create table ledger_lot (
    customer_id uuid not null,
    id uuid not null,
    seq integer not null,                       -- order of issue within the wallet
    kind text not null check (kind in ('paid', 'bonus', 'promo', 'goodwill', 'adjustment')),
    priority smallint not null default 100,     -- lower is spent first
    paid boolean not null generated always as (kind in ('paid', 'bonus')) stored,
    units bigint not null check (units > 0),    -- with price, the basis of the carrying value
    remaining bigint not null check (remaining >= 0),
    held bigint not null default 0 check (held >= 0),
    frozen bigint not null default 0 check (frozen >= 0),
    expires_at timestamptz,                     -- null: never
    currency text,
    price bigint not null default 0 check (price >= 0),     -- minor units for all of it, net of tax
    tax bigint not null default 0 check (tax >= 0),
    cohort text,
    refundable_until timestamptz,
    escheat_class text,
    document text,                              -- what it came from: a purchase, a grant, a move
    reason text,
    issued_at timestamptz not null,
    open boolean not null default true,         -- something remains; closed lots are history
    primary key (customer_id, id),
    constraint ledger_lot_covers_its_holds check (remaining >= held + frozen),
    constraint ledger_lot_price_needs_currency check (price = 0 or currency is not null)
) with (fillfactor = 50);

-- Order of use: priority, earliest expiry (none last), promotional before paid, oldest.
create index ledger_lot_order on ledger_lot (customer_id, priority, expires_at, paid, seq) where open;

-- A lot with its counters as they are, wherever they live.
create view ledger_lot_state as
select l.customer_id, l.id, l.seq, l.kind, l.priority, l.paid, l.units,
       case when w.head_id = l.id then w.head_free + w.head_held + l.frozen else l.remaining end as remaining,
       case when w.head_id = l.id then w.head_held else l.held end as held,
       l.frozen, l.expires_at, l.currency, l.price, l.tax, l.cohort, l.refundable_until, l.escheat_class,
       l.document, l.reason, l.issued_at, l.open
from ledger_lot l join ledger_wallet w using (customer_id);

-- An open reservation. It leaves for ledger_call when it ends, so this table stays small.
create table ledger_hold (
    customer_id uuid not null,
    id uuid not null,
    amount bigint not null,                         -- as reserved
    lots uuid[] not null,                           -- what it took; null stands for the credit limit
    split bigint[] not null,                        -- how much of each, as reserved
    used bigint[],                                  -- of each, by partial commits so far
    committed bigint not null default 0,
    expires_at timestamptz not null,                -- as extended
    created_at timestamptz not null,
    reserved_until timestamptz not null,            -- as first answered
    overrun text not null,                          -- reject, cap or available
    price_id integer,
    quantities jsonb,
    request bigint,                                 -- hash of the request under its key
    service_id integer,
    api_key_id uuid,
    request_id text,
    address inet,
    metadata jsonb,
    available_after bigint not null,                -- the balance in its answer
    held_after bigint not null,
    frozen_after bigint not null,
    primary key (customer_id, id)
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
-- By the customer's hash, here and on transfers: narrow, and no plan can take it for the way to one id.
create index ledger_hold_expiry on ledger_hold (uuid_hash(customer_id), expires_at);
