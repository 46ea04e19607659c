-- What the core is asked, and what it answers. Refusals are values, never exceptions.

create type ledger_operation as (
    op text,                -- reserve, commit, release, debit, extend, reverse, grant, adjust, freeze, unfreeze, limit, refresh
    customer_id uuid,
    key uuid,               -- the caller's idempotency key as an id; null: none
    key_is_id boolean,      -- the key is a UUIDv7 of about now and can be the id of the row
    request bigint,         -- hash of the request, to tell a repeated one from another under the same key
    reservation_id uuid,
    amount bigint,          -- micro-credits; commit and reverse: null means all of it
    expires_in integer,     -- seconds
    overrun text,           -- reject, cap, available
    final boolean,          -- commit: false keeps the rest held
    outcome text,
    price_id integer,
    quantities jsonb,
    service_id integer,
    api_key_id uuid,
    request_id text,
    address inet,
    metadata jsonb,
    detail jsonb            -- what only grant, adjust, freeze and reverse need
);

create type ledger_result as (
    ord integer,            -- which operation of the list, from 1
    code text,              -- ok, or why not
    replayed boolean,
    customer_id uuid,
    reservation_id uuid,
    price_id integer,
    state text,
    amount bigint,
    committed bigint,
    released bigint,
    uncollected bigint,
    lots uuid[],
    lot_amounts bigint[],
    quantities jsonb,
    transaction_id uuid,
    lot_id uuid,
    expires_at timestamptz,
    available bigint,       -- the balance after
    held bigint,
    frozen bigint,
    required bigint,        -- insufficient-credits: what was asked for
    reversed bigint,        -- given back so far
    credit_limit bigint     -- insufficient-credits: how far below zero was allowed
);

create type ledger_step as (w ledger_wallet, r ledger_result);
