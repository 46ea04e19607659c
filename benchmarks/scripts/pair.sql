-- One typed operation a call, as ledger_operation has its fields; its answer is read as one value,
-- for a table function would have it copied once more.
\set n random(:first, :last)
select (r).reservation_id as reservation, (r).customer_id as customer from (
    select ledger_apply(row('reserve', id, uuidv7(), true, 1, null, 4000000, 900, 'reject', null, null, 1, null, 1, id, null, null, null, null, null, null, null, null)::ledger_operation) r
    from bench_customer where n = :n offset 0
) x where (r).code = 'ok' \gset
select 1 / ((ledger_apply(row('commit', :customer, uuidv7(), true, 1, :reservation, 3000000, null, null, null, null, null, null, 1, null, null, null, null, null, null, null, null, null)::ledger_operation)).code = 'ok')::integer;
