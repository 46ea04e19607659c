-- So many calls, from the oldest on, and what came with them.
insert into ledger_call (customer_id, id, state, ended_as, amount, lots, split, used, committed,
    created_at, reserved_until, expires_at, ended_at, overrun, outcome, price_id, api_key_id,
    transaction_id, request_id, ended_request_id, available_after, held_after, frozen_after,
    ended_available, ended_held, ended_frozen)
select c.id, filling.id(at, 'c' || k), state, state, 4000000, array[filling.id('2020-01-01', 'l' || c.n)],
    array[4000000], array[case state when 'committed' then 4000000 else 0 end],
    case state when 'committed' then 4000000 else 0 end,
    at, at + interval '15 min', at + interval '15 min', at + interval '1 s', 'reject',
    case when k % 1000 = 0 then 'timeout' else 'success' end, p.id,
    case when c.n = 0 and k % 7 = 0 then '{key}'::uuid end, filling.id(at, 't' || k * 2),
    'job-' || k, 'end-' || k, 100, 0, 0, 100, 0, 0
from (
    select k, filling.at(k) as at, case when k % 20 = 0 then 'released' when k % 33 = 0 then 'expired' else 'committed' end as state
    from generate_series({first}::bigint, {last}) k
) x
    join filling.customer c on c.n = case when x.k % 5 = 0 then 0 else x.k * 7919 % {customers} end
    left join filling.price p on p.n = case when x.k % 50 = 0 then 0 else 1 + x.k % (select greatest(count(*) - 1, 1) from filling.price) end;
insert into ledger_transfer (customer_id, id, transaction_id, version, unit, debit, credit, amount,
    lot_id, kind, reservation_id, posted_at, balance_after)
select c.id, filling.id(at, 't' || k * 2 + leg), filling.id(at, 't' || k * 2), k,
    case when k % 50 = 1 then 'USD' else 'CR' end,
    case when k % 50 = 1 then '2100' when k % 100 = 0 then 'U10' else 'U20' end,
    case when k % 50 = 1 then '4100' when k % 100 = 0 then 'U20' else 'U30' end, 4000000,
    filling.id('2020-01-01', 'l' || c.n), case when k % 50 = 1 then 'usage' when k % 100 = 0 then 'grant' else 'commit' end,
    case when k % 50 <> 1 and k % 100 <> 0 then filling.id(at, 'c' || k) end, at, 0
from (select k, filling.at(k) as at from generate_series({first}::bigint, {last}) k) x
    join filling.customer c on c.n = case when x.k % 5 = 0 then 0 else x.k * 7919 % {customers} end
    cross join generate_series(0, 1) leg;
insert into ledger_event (customer_id, id, kind, subject, data, created_at, delivered_at)
select c.id, filling.id(at, 'e' || k), case when k % 1000 = 0 then 'lot.expired' else 'credits.added' end, null, '{{}}', at, at
from (select k, filling.at(k) as at from generate_series({first}::bigint, {last}) k where k % 10 = 0) x
    join filling.customer c on c.n = x.k / 10 % {customers};
insert into ledger_lot (customer_id, id, seq, kind, units, remaining, currency, price, issued_at, open)
select c.id, filling.id(at, 'l' || k), k, case when k % 40 = 0 then 'paid' else 'promo' end, 4000000, 0, 'USD', 100, at, false
from (select k, filling.at(k) as at from generate_series({first}::bigint, {last}) k where k % 20 = 0) x
    join filling.customer c on c.n = x.k / 20 % {customers};
