-- What happened before there were books, entered as it would be today: the money of what left lots
-- unused, and the revenue of what was used before a part of its lot moved away. Run once.

-- Transfers of lots that something left unused, and of all lots of customers who gave some away; with
-- what remained of the lot after each.
create temporary table before_books on commit drop as
select t.*, sum(case 'U20' when t.credit then t.amount else -t.amount end) over (
    partition by t.customer_id, t.lot_id order by t.version, t.id)::bigint as remaining
from ledger_transfer t join ledger_lot l on l.customer_id = t.customer_id and l.id = t.lot_id
where t.unit = 'CR' and 'U20' in (t.debit, t.credit) and l.paid and (
    (t.customer_id, t.lot_id) in (select customer_id, lot_id from ledger_transfer where credit in ('U31', 'U33', 'U34'))
    or t.customer_id in (select customer_id from ledger_transfer where credit = 'U35'));

-- Price and units of a lot up to a version: a move that leaves a rest gives it a new basis (R16).
create temporary table before_books_basis on commit drop as
select t.customer_id, t.lot_id, 0::bigint as since, t.amount as units,
    -- The lot's own price is that of the last basis.
    case when l.units = t.amount then l.price else (
        select coalesce(sum(m.amount), 0)::bigint from ledger_transfer m
        where m.customer_id = t.customer_id and m.lot_id = t.lot_id and m.transaction_id = t.transaction_id and m.credit = '2100')
    end as price
from (select distinct on (customer_id, lot_id) * from before_books order by customer_id, lot_id, version, id) t
    join ledger_lot l on l.customer_id = t.customer_id and l.id = t.lot_id;

do $$
declare
    x before_books;
    b before_books_basis;
begin
    for x in select * from before_books where credit = 'U35' and remaining > 0 order by customer_id, lot_id, version loop
        select * into b from before_books_basis
        where customer_id = x.customer_id and lot_id = x.lot_id order by since desc limit 1;
        insert into before_books_basis values (x.customer_id, x.lot_id, x.version, x.remaining,
            ledger_carrying(b.price, b.units, x.remaining + x.amount) - (
                select coalesce(sum(m.amount), 0) from ledger_transfer m
                where m.customer_id = x.customer_id and m.lot_id = x.lot_id and m.transaction_id = x.transaction_id and m.debit = '2100'));
    end loop;
end
$$;

-- Money beside the credits, in the same transactions, where nobody gave any. What was void was paid for:
-- it is forfeit.
insert into ledger_transfer (customer_id, id, transaction_id, version, unit, debit, credit, amount, lot_id, kind,
    document, cohort, actor, reason, posted_at, effective_at, balance_after, posted_on)
select t.customer_id, ledger_uuid7(t.posted_at + interval '1 millisecond' - clock_timestamp()), t.transaction_id, t.version, l.currency, '2100',
    case t.credit when 'U33' then '2300' else '2110' end, v.amount, t.lot_id, t.kind,
    t.document, l.cohort, t.actor, t.reason, t.posted_at, t.effective_at, t.balance_after,
    ledger_day(coalesce(t.effective_at, t.posted_at))
from before_books t
    join ledger_lot l on l.customer_id = t.customer_id and l.id = t.lot_id
    cross join lateral (
        select * from before_books_basis b
        where b.customer_id = t.customer_id and b.lot_id = t.lot_id and b.since < t.version order by b.since desc limit 1
    ) b
    cross join lateral (
        select ledger_carrying(b.price, b.units, t.remaining + t.amount) - ledger_carrying(b.price, b.units, t.remaining) as amount
    ) v
where t.credit in ('U31', 'U33', 'U34') and v.amount > 0 and not exists (
    select from ledger_transfer m
    where m.customer_id = t.customer_id and m.lot_id = t.lot_id and m.transaction_id = t.transaction_id and m.unit <> 'CR');

-- What a customer used before a move is recognised as of then: the rest has another basis since.
do $$
declare
    m record;
    w ledger_wallet;
    v_lots ledger_lot[];
    v_usage json;
begin
    for m in
        select distinct customer_id, version from before_books where credit = 'U35' and remaining > 0 order by 1, 2
    loop
        select * into w from ledger_wallet where customer_id = m.customer_id for update;
        v_lots := array(select l from ledger_lot l where customer_id = m.customer_id and paid);
        update ledger_wallet set version = m.version - 1, head_id = null, head_free = 0, head_held = 0
        where customer_id = m.customer_id;
        update ledger_lot l set price = b.price, units = b.units, held = 0, frozen = 0, remaining = coalesce((
            select remaining from before_books t
            where t.customer_id = l.customer_id and t.lot_id = l.id and t.version < m.version order by t.version desc, t.id desc limit 1), 0)
        from (
            select distinct on (lot_id) * from before_books_basis
            where customer_id = m.customer_id and since < m.version order by lot_id, since desc
        ) b
        where l.customer_id = m.customer_id and l.id = b.lot_id;
        v_usage := (select coalesce(json_agg(u), '[]') from ledger_usage(array[m.customer_id]) u);
        update ledger_wallet set version = w.version, head_id = w.head_id, head_free = w.head_free, head_held = w.head_held
        where customer_id = m.customer_id;
        update ledger_lot l set price = k.price, units = k.units, held = k.held, frozen = k.frozen, remaining = k.remaining
        from unnest(v_lots) k
        where l.customer_id = k.customer_id and l.id = k.id;
        perform from ledger_write_usage(v_usage, array[m.customer_id], ledger_now());
        insert into ledger_recognised values (m.customer_id, m.version)
        on conflict (customer_id) do update set version = excluded.version;
    end loop;
end
$$;
