-- What credits of a lot are worth: differences of its carrying value.

-- Carrying value of a lot with so many units left, in minor units, half to even (accounting 2.3).
create or replace function ledger_carrying(p_price bigint, p_units bigint, p_left bigint) returns bigint
language sql immutable strict parallel safe as $$
    select case
        when 2 * rest > p_units or (2 * rest = p_units and whole % 2 = 1) then whole + 1 else whole
    end::bigint
    from (
        select div(p_price::numeric * p_left, p_units::numeric) as whole, mod(p_price::numeric * p_left, p_units::numeric) as rest
    ) x
$$;

-- Money legs of units that leave these lots (or, negative, come back), from what remains of each now.
-- What the state may claim never becomes breakage (R10).
create or replace function ledger_value_legs(p_customer uuid, p_lots uuid[], p_parts bigint[], p_debit text, p_credit text) returns jsonb
language sql stable as $$
    select jsonb_agg(jsonb_build_object('unit', currency, 'debit', p_debit, 'credit', credit, 'amount', value, 'lot', id) order by i)
    from (
        select l.id, l.currency, i, case when p_credit = '2110' and l.escheat_class is not null then '2300' else p_credit end as credit,
            abs(ledger_carrying(l.price, l.units, l.remaining) - ledger_carrying(l.price, l.units, l.remaining - part)) as value
        from unnest(p_lots, p_parts) with ordinality x(lot, part, i)
            join ledger_lot l on l.customer_id = p_customer and l.id = x.lot
        where l.price > 0
    ) y
    where value > 0
$$;

-- What an account of units has of a lot.
create or replace function ledger_units_of(p_customer uuid, p_lot uuid, p_account text) returns bigint
language sql stable as $$
    select coalesce(sum(case when credit = p_account then amount else -amount end), 0)::bigint
    from ledger_transfer
    where uuid_hash(customer_id) = uuid_hash(p_customer) and customer_id = p_customer and lot_id = p_lot
        and unit = 'CR' and p_account in (debit, credit)
$$;
