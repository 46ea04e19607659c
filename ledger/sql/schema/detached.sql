-- Months of calls that are kept in files. Their transfers stay where they are.
create table ledger_detached (
    month date primary key,                     -- its first day, UTC
    low uuid not null,                          -- the ids of its calls are between these
    above uuid not null,
    file text not null,                         -- its name, without a folder
    sha256 text not null,                       -- of the whole file
    calls bigint not null,                      -- rows
    committed bigint not null,                  -- micro-credits
    reversed bigint not null,
    detached_at timestamptz not null
);

-- Their sums: what lifetime caps, months of tiered prices and verify_ledger still ask of them.
create table ledger_detached_sum (
    customer_id uuid not null,
    month date not null,
    day date not null,                          -- the UTC day on which the calls were made
    price_id integer,
    api_key_id uuid,
    outcome text,
    state text not null,                        -- as in ledger_usage_day
    summed boolean not null,                    -- whether they are in ledger_usage_day
    tally date,                                 -- the month to whose quantities these belong
    quantities jsonb,
    rows bigint not null,
    calls bigint not null,
    committed bigint not null,
    reversed bigint not null
);
create index ledger_detached_sum_of on ledger_detached_sum (customer_id);

-- Holds that kept something of a lot that ended before them: balances of those instants ask for them.
create table ledger_detached_hold (
    customer_id uuid not null,
    id uuid not null,
    month date not null,
    expires_at timestamptz not null,
    lots uuid[] not null,
    split bigint[] not null,
    used bigint[] not null,
    primary key (customer_id, id)
);
