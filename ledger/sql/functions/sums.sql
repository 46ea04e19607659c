-- Sums of all customers' transfers by hour. A wallet's version has no gaps, so what is in the sums and what is
-- not yet is told by one number for each customer, and no transfer is in them twice.

-- When a transfer counts: when it was posted, or, where it was posted for another day of the books, within that day.
create or replace function ledger_counted_at(t ledger_transfer, p_zone text) returns timestamptz
language sql immutable parallel safe as $$
    select case
        when t.posted_on is null or t.posted_on = (t.posted_at at time zone p_zone)::date then t.posted_at
        when t.posted_on = (t.effective_at at time zone p_zone)::date then t.effective_at
        else t.posted_on::timestamp at time zone p_zone
    end
$$;

-- Adds what was posted since, up to about so many transactions; how many those were. It locks no wallet. Null:
-- somebody else is at it. Test credits of sandboxes are in no sum.
create or replace function ledger_sum_transfers(p_at_most integer) returns bigint
language plpgsql security definer set search_path from current set jit = off as $$
declare
    v_now timestamptz := ledger_now();
    v_added bigint;
    v_is_all boolean;
begin
    perform from ledger_sums for update skip locked;
    if not found then
        return null;
    end if;
    -- One statement: the versions and the transfers are of one moment.
    with due as materialized (
        select w.customer_id, w.version, coalesce(s.version, 0) as since,
            least(w.version, coalesce(s.version, 0) + p_at_most) as through
        from ledger_wallet w left join ledger_summed s using (customer_id)
        where w.version > coalesce(s.version, 0)
            and not exists (select from accounts_customer c where c.id = w.customer_id and c.sandbox_of_id is not null)
    ), chosen as materialized (
        select customer_id, version, since, through from (
            select d.*, sum(through - since) over (order by customer_id) - (through - since) as before from due d
        ) x where before < p_at_most
    ), line as materialized (
        select hour, unit, debit, credit, kind, paid, sum(transfers)::bigint as transfers, sum(amount) as amount
        from chosen c cross join ledger_books b cross join lateral (
            select date_trunc('hour', ledger_counted_at(t, b.time_zone), 'UTC') as hour, t.unit, t.debit, t.credit,
                -- Opening balances were sold elsewhere, or given away.
                case when l.document like 'opening:%' then 'opening' else t.kind end as kind,
                coalesce(l.paid, false) as paid, count(*) as transfers, sum(t.amount) as amount
            from ledger_transfer t
                left join ledger_lot l on t.debit = 'U10' and l.customer_id = t.customer_id and l.id = t.lot_id
            where uuid_hash(t.customer_id) = uuid_hash(c.customer_id) and t.customer_id = c.customer_id
                and t.version > c.since and t.version <= c.through
            group by 1, 2, 3, 4, 5, 6
        ) x
        group by 1, 2, 3, 4, 5, 6
    ), added as (
        insert into ledger_sum_hour as h (hour, unit, debit, credit, kind, paid, transfers, amount) select * from line
        on conflict (hour, unit, debit, credit, kind, paid) do update
        set transfers = h.transfers + excluded.transfers, amount = h.amount + excluded.amount
    ), marked as (
        insert into ledger_summed (customer_id, version) select customer_id, through from chosen
        on conflict (customer_id) do update set version = excluded.version
    )
    select coalesce(sum(through - since), 0), (select count(*) from due) = count(*) and coalesce(bool_and(through = version), true)
    into v_added, v_is_all from chosen;
    if v_is_all then
        update ledger_sums set complete_at = v_now;
    end if;
    return v_added;
end
$$;
