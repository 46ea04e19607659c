-- Holds that their holders spend locally, and many calls in one row of the log.

-- Of a lease: {"sequence": the last settlement, "amount": as asked for, "expires_in": seconds}. Null: no lease.
alter table ledger_hold add column lease jsonb;
-- How many calls a row stands for: 0, a lease, whose calls have rows of their own. Null: one.
alter table ledger_call add column calls bigint check (calls >= 0);

create or replace view ledger_reservation as
select customer_id, id, 'held' as state, amount, committed, 0::bigint as uncollected, 0::bigint as reversed,
       lots, split, coalesce(used, array_fill(0::bigint, array[cardinality(lots)])) as used,
       created_at, reserved_until, expires_at, null::timestamptz as ended_at, overrun, null::text as outcome,
       price_id, quantities, null::jsonb as used_quantities, null::uuid as transaction_id,
       service_id, api_key_id, request_id, address, metadata, null::text as ended_request_id, null::timestamptz as happened_at,
       case when lease is null then 1 else 0 end::bigint as calls
from ledger_hold
union all
select customer_id, id, state, amount, committed, uncollected, reversed,
       lots, split, used,
       created_at, reserved_until, expires_at, ended_at, overrun, outcome,
       price_id, quantities, used_quantities, transaction_id,
       service_id, api_key_id, request_id, address, metadata, ended_request_id, happened_at, coalesce(calls, 1)
from ledger_call;
