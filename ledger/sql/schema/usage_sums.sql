-- Sums of finished calls, so that nobody has to read a million of them.

-- Of a customer whose calls with an id below `below` are in the sums; all others are read one by one.
create table ledger_usage_until (
    customer_id uuid primary key,
    below uuid not null,
    -- Of these calls: when the last was made, and how far ids were behind and ahead of when theirs was.
    last_at timestamptz not null default '-infinity',
    behind interval not null default '0',
    ahead interval not null default '0'
) with (fillfactor = 50);

create table ledger_usage_day (
    customer_id uuid not null,
    day date not null,                          -- the UTC day on which the calls were made
    price_id integer,
    api_key_id uuid,
    outcome text,
    state text not null check (state in ('committed', 'released', 'expired')),  -- committed: reversed or not, or in part
    calls bigint not null,
    amount bigint not null,                     -- micro-credits, less what was reversed
    constraint ledger_usage_day_group unique nulls not distinct (customer_id, day, price_id, api_key_id, outcome, state)
) with (fillfactor = 80);

-- What of a time is read from where: [head_from, whole_from) and [cut, tail_to) call by call; in between the days
-- of the sums, and the calls that are not in these. Each with the ids that such calls may have.
create type ledger_usage_parts as (
    head_from timestamptz, head_low uuid, head_above uuid,
    whole_from timestamptz, first_day date, live_low uuid, live_above uuid,
    cut timestamptz, day_after date, tail_low uuid, tail_above uuid, tail_to timestamptz
);
