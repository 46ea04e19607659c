-- What happened: append-only transfers, ended reservations, events for the outside. Partitioned by
-- month of the UUIDv7, so that a month can be detached, and so that no index holds all of history.

-- One row is one movement with both its sides, so it cannot be unbalanced.
create table ledger_transfer (
    customer_id uuid not null,
    id uuid not null,
    transaction_id uuid not null,               -- transfers with one id; the first has it as its own
    version bigint not null,                    -- the wallet's, of this transaction
    unit text not null,                         -- CR or an ISO 4217 currency
    debit text not null,
    credit text not null,
    amount bigint not null check (amount > 0),  -- micro-credits, or minor units of money
    lot_id uuid,
    kind text not null,
    reservation_id uuid,
    document text,
    cohort text,
    reverses uuid,
    actor text,
    reason text,
    posted_at timestamptz not null,
    effective_at timestamptz,                   -- when it happened, where that is not when it was posted
    balance_after bigint not null,              -- the wallet's, after this transaction
    primary key (customer_id, id)
) partition by range (id);
create index ledger_transfer_version on ledger_transfer (uuid_hash(customer_id), version);

-- A reservation that has ended, or a debit: the call log.
create table ledger_call (
    customer_id uuid not null,
    id uuid not null,
    state text not null,                        -- committed, released, expired or reversed
    ended_as text not null,                     -- the state in the answer that ended it
    amount bigint not null,
    lots uuid[] not null,
    split bigint[] not null,                    -- held of each lot; those of an overrun stand last
    used bigint[] not null,                     -- committed, of each lot
    committed bigint not null,
    uncollected bigint not null default 0,
    reversed bigint not null default 0,
    reversal jsonb,                             -- the answer of the last reversal
    created_at timestamptz not null,
    reserved_until timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz not null,
    overrun text not null,
    outcome text,
    price_id integer,
    quantities jsonb,
    used_quantities jsonb,
    transaction_id uuid,
    request bigint,
    ended_request bigint,
    service_id integer,
    ended_service_id integer,
    api_key_id uuid,
    request_id text,
    ended_request_id text,
    address inet,
    metadata jsonb,
    available_after bigint,                     -- the balance in the answer to the reservation; null for a debit
    held_after bigint,
    frozen_after bigint,
    ended_available bigint,                     -- and in the answer that ended it; null where it expired
    ended_held bigint,
    ended_frozen bigint,
    primary key (customer_id, id)
) partition by range (id);

create table ledger_event (
    customer_id uuid not null,
    id uuid not null,
    kind text not null,
    subject text,                               -- the id of what it is about
    data jsonb,
    created_at timestamptz not null,
    delivered_at timestamptz,
    primary key (customer_id, id)
) partition by range (id);

-- Keys of operations that leave no row whose id could be the key: those that are no UUIDv7, and
-- operations that write no hold and no transfer. `result` is kept where no row can tell the answer again.
create table ledger_key (
    customer_id uuid not null,
    key uuid not null,
    request bigint not null,
    answers text not null,                      -- reserve, end or result
    reservation_id uuid,
    result jsonb,
    created_at timestamptz not null,
    primary key (customer_id, key)
);
create index ledger_key_age on ledger_key using brin (created_at);

-- A reservation, open or ended.
create view ledger_reservation as
select customer_id, id, 'held' as state, amount, committed, 0::bigint as uncollected, 0::bigint as reversed,
       lots, split, coalesce(used, array_fill(0::bigint, array[cardinality(lots)])) as used,
       created_at, reserved_until, expires_at, null::timestamptz as ended_at, overrun, null::text as outcome,
       price_id, quantities, null::jsonb as used_quantities, null::uuid as transaction_id,
       service_id, api_key_id, request_id, address, metadata
from ledger_hold
union all
select customer_id, id, state, amount, committed, uncollected, reversed,
       lots, split, used,
       created_at, reserved_until, expires_at, ended_at, overrun, outcome,
       price_id, quantities, used_quantities, transaction_id,
       service_id, api_key_id, request_id, address, metadata
from ledger_call;

-- The two postings of each transfer, as an accountant wants them: debits positive.
create view ledger_posting as
select customer_id, transaction_id, id as transfer_id, version, posted_at, unit, debit as account, amount, lot_id, cohort, kind from ledger_transfer
union all
select customer_id, transaction_id, id, version, posted_at, unit, credit, -amount, lot_id, cohort, kind from ledger_transfer;

-- For ids of no month that has a partition of its own.
create table ledger_transfer_rest partition of ledger_transfer default;
create table ledger_call_rest partition of ledger_call default;
create table ledger_event_rest partition of ledger_event default;
