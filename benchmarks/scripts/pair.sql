-- A blank after each colon of the JSON: pgbench would take `:"` for the start of a variable.
\set n random(1, :customers)
select r.reservation_id as reservation, r.customer_id as customer
from bench_customer b, ledger_apply(format('[{"op": "reserve", "customer_id": "%s", "key": "%s", "key_is_id": true, "request": 1, "amount": 4000000, "expires_in": 900, "overrun": "reject", "price_id": 1, "service_id": 1}]', b.id, uuidv7())::json) r
where b.n = :n and r.code = 'ok' \gset
select 1 / (code = 'ok')::integer
from ledger_apply(format('[{"op": "commit", "customer_id": "%s", "key": "%s", "key_is_id": true, "request": 1, "reservation_id": "%s", "amount": 3000000, "service_id": 1}]', (:customer)::uuid, uuidv7(), (:reservation)::uuid)::json);
