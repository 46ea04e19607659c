-- Usage becomes revenue (accounting E05, E18). Whatever else takes credits out of a lot posts what
-- they are worth itself; so what account 2100 has of a lot beyond its carrying value was used (R2).
-- Where tax is due on use (E01, redemption), it is posted with it, by the same differences.

-- What there is to recognise of these customers, by lot and day, up to the version of each wallet.
create or replace function ledger_usage(p_customers uuid[]) returns table (
    customer_id uuid, lot_id uuid, currency text, cohort text, day date, used_at timestamptz, back_at timestamptz,
    used bigint, given_back bigint, tax bigint
)
language sql stable
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
    with day as materialized (
        select w.customer_id, t.lot_id, (t.posted_at at time zone b.time_zone)::date as day, max(t.posted_at) as used_at,
            max(coalesce(t.effective_at, t.posted_at)) filter (where t.debit = 'U30') as back_at,
            coalesce(sum(case 'U20' when t.credit then t.amount when t.debit then -t.amount end) filter (where t.unit = 'CR'), 0) as units,
            coalesce(sum(t.amount) filter (where t.debit = 'U30'), 0) as units_back,
            coalesce(sum(case 'U30' when t.credit then t.amount when t.debit then -t.amount end), 0) as units_used,
            coalesce(sum(case '2100' when t.credit then t.amount when t.debit then -t.amount end), 0) as money
        from ledger_wallet w
            cross join ledger_books b
            left join ledger_recognised d on d.customer_id = w.customer_id
            join ledger_transfer t on uuid_hash(t.customer_id) = uuid_hash(w.customer_id) and t.customer_id = w.customer_id
                and t.version > coalesce(d.version, 0) and t.version <= w.version
        where w.customer_id = any(p_customers) and t.lot_id is not null and t.kind not in ('usage', 'usage-back', 'usage-tax', 'usage-tax-back')
        group by 1, 2, 3
    ), step as (
        select d.*, l.price, l.units as basis, l.currency, l.cohort, case when l.tax_on_use then l.tax else 0 end as tax,
            l.remaining - coalesce(sum(d.units) over (
                partition by d.customer_id, d.lot_id order by d.day desc rows between unbounded preceding and 1 preceding), 0) as after
        from day d join ledger_lot_state l on l.customer_id = d.customer_id and l.id = d.lot_id
        where l.paid
    ), worth as (
        select *, ledger_carrying(price, basis, (after - units)::bigint) + money - ledger_carrying(price, basis, after::bigint) as net,
            ledger_carrying(price, basis, after::bigint) - ledger_carrying(price, basis, (after - units_back)::bigint) as back,
            ledger_carrying(tax, basis, (after + units_used)::bigint) - ledger_carrying(tax, basis, after::bigint) as due
        from step
    )
    select customer_id, lot_id, currency, cohort, day, used_at, coalesce(back_at, used_at), greatest(net + back, net, 0)::bigint,
        (greatest(net + back, net, 0) - net)::bigint, due
    from worth
    where net <> 0 or back <> 0 or due <> 0
$$;

-- Writes it: each day is a transaction of its own, posted for that day or for the first open one.
-- The wallets are locked. How many transactions each customer got.
create or replace function ledger_write_usage(p_usage json, p_customers uuid[], p_now timestamptz) returns table (customer_id uuid, transactions integer)
language sql as $$
    with leg as (
        select u.*, x.*, greatest(u.day, ledger_first_open()) as posted_on
        from json_to_recordset(p_usage) as u(
                customer_id uuid, lot_id uuid, currency text, cohort text, day date, used_at timestamptz, back_at timestamptz,
                used bigint, given_back bigint, tax bigint)
            cross join lateral (values ('usage', '2100', '4100', used, used_at), ('usage-back', '4100', '2100', given_back, back_at),
                ('usage-tax', '1100', '2200', tax, used_at), ('usage-tax-back', '2200', '1100', -tax, back_at))
                x(kind, debit, credit, amount, effective_at)
        where u.customer_id = any(p_customers) and x.amount > 0
    ), numbered as (
        select *, dense_rank() over (partition by customer_id order by posted_on) as nth,
            row_number() over (partition by customer_id, posted_on order by lot_id, day, kind) as n
        from leg
    ), named as materialized (
        select customer_id, nth, ledger_new_id() as id from numbered where n = 1
    ), written as (
        insert into ledger_transfer (customer_id, id, transaction_id, version, unit, debit, credit, amount, lot_id, kind, cohort,
            posted_at, effective_at, balance_after, posted_on)
        select l.customer_id, case when n = 1 then t.id else ledger_new_id() end, t.id, w.version + nth, l.currency, l.debit, l.credit,
            l.amount, l.lot_id, l.kind, l.cohort, p_now, l.effective_at, w.balance, l.posted_on
        from numbered l join named t using (customer_id, nth) join ledger_wallet w using (customer_id)
    )
    update ledger_wallet w set version = w.version + x.nth
    from (select customer_id, max(nth)::integer as nth from numbered group by 1) x
    where w.customer_id = x.customer_id
    returning w.customer_id, x.nth
$$;

-- Recognises what these customers have used; how many transactions that were. Run again it finds
-- nothing. What there is is found without a lock: wallets are locked for the writing only.
create or replace function ledger_recognise(p_customers uuid[]) returns integer
language plpgsql security definer set search_path from current as $$
declare
    v_customers uuid[];
    v_through bigint[];
    v_done bigint[];
    v_usage json;
    v_written integer;
begin
    -- One statement, so that usage and versions are of one moment.
    select array_agg(w.customer_id), array_agg(w.version), array_agg(coalesce(d.version, 0)),
        (select json_agg(u) from ledger_usage(p_customers) u)
    into v_customers, v_through, v_done, v_usage
    from ledger_wallet w left join ledger_recognised d on d.customer_id = w.customer_id
    where w.customer_id = any(p_customers) and w.version > coalesce(d.version, 0);

    perform from ledger_wallet w where w.customer_id = any(v_customers) order by w.customer_id for no key update;
    -- Somebody else may have been first.
    select array_agg(x.customer), array_agg(x.through) into v_customers, v_through
    from unnest(v_customers, v_through, v_done) x(customer, through, done)
        left join ledger_recognised d on d.customer_id = x.customer
    where coalesce(d.version, 0) = x.done;

    with written as (
        select * from ledger_write_usage(coalesce(v_usage, '[]'), v_customers, ledger_now())
    ), marked as (
        insert into ledger_recognised (customer_id, version)
        select x.customer, x.through + case when w.version = x.through then coalesce(t.transactions, 0) else 0 end
        from unnest(v_customers, v_through) x(customer, through)
            join ledger_wallet w on w.customer_id = x.customer
            left join written t on t.customer_id = x.customer
        on conflict (customer_id) do update set version = excluded.version
    )
    select coalesce(sum(transactions), 0) into v_written from written;
    return v_written;
end
$$;

-- A lot gets a new basis of its carrying value (R16) when all of its usage is recognised: what was
-- posted since then is of the new one.
create or replace function ledger_mark_recognised(w ledger_wallet) returns void
language sql as $$
    insert into ledger_recognised (customer_id, version) values (w.customer_id, w.version)
    on conflict (customer_id) do update set version = excluded.version
$$;
