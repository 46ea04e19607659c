-- One typed operation a call, as ledger_operation has its fields.
\set n random(1, :customers)
select r.reservation_id as reservation, r.customer_id as customer
from bench_customer b, ledger_apply(row('reserve', b.id, uuidv7(), true, 1, null, 4000000, 900, 'reject', null, null, 1, null, 1, null, null, null, null, null)::ledger_operation) r
where b.n = :n and r.code = 'ok' \gset
select 1 / (code = 'ok')::integer
from ledger_apply(row('commit', :customer, uuidv7(), true, 1, :reservation, 3000000, null, null, null, null, null, null, 1, null, null, null, null, null)::ledger_operation);
