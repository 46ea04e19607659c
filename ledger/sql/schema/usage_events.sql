-- Work that was done before it was told of.

alter table ledger_call add column happened_at timestamptz;     -- when it was done; null: it was asked for first

-- Test wallets whose clock was moved, for who asks several times a second.
create index ledger_wallet_clock on ledger_wallet (customer_id) where clock_shift is not null;

create or replace view ledger_reservation as
select customer_id, id, 'held' as state, amount, committed, 0::bigint as uncollected, 0::bigint as reversed,
       lots, split, coalesce(used, array_fill(0::bigint, array[cardinality(lots)])) as used,
       created_at, reserved_until, expires_at, null::timestamptz as ended_at, overrun, null::text as outcome,
       price_id, quantities, null::jsonb as used_quantities, null::uuid as transaction_id,
       service_id, api_key_id, request_id, address, metadata, null::text as ended_request_id, null::timestamptz as happened_at
from ledger_hold
union all
select customer_id, id, state, amount, committed, uncollected, reversed,
       lots, split, used,
       created_at, reserved_until, expires_at, ended_at, overrun, outcome,
       price_id, quantities, used_quantities, transaction_id,
       service_id, api_key_id, request_id, address, metadata, ended_request_id, happened_at
from ledger_call;
