-- The pen: every transfer of the general paths is written by these.

-- Writes the legs of one transaction: for each lot in turn, an amount from one account to another.
-- The first transfer of a transaction has its id.
create or replace function ledger_write_legs(
    w ledger_wallet, p_transaction uuid, p_now timestamptz, p_kind text,
    p_debit text, p_credit text, p_lots uuid[], p_amounts bigint[],
    p_reservation uuid default null, p_detail jsonb default null, p_first boolean default true
) returns void
language sql as $$
    insert into ledger_transfer (customer_id, id, transaction_id, version, unit, debit, credit, amount, lot_id, kind,
        reservation_id, document, cohort, reverses, actor, reason, posted_at, effective_at, balance_after, posted_on)
    select w.customer_id, case when p_first and leg = 1 then p_transaction else ledger_new_id() end, p_transaction,
        w.version, 'CR', p_debit, p_credit, amount, lot, p_kind, p_reservation, p_detail->>'document',
        (select cohort from ledger_lot l where l.customer_id = w.customer_id and l.id = lot),
        (p_detail->>'reverses')::uuid, p_detail->>'actor', p_detail->>'reason',
        p_now, (p_detail->>'effective_at')::timestamptz, w.balance, (p_detail->>'posted_on')::date
    from (
        select lot, amount, row_number() over (order by i) as leg
        from unnest(p_lots, p_amounts) with ordinality x(lot, amount, i) where amount > 0
    ) legs
$$;

-- Money legs: a JSON list of {"unit", "debit", "credit", "amount"} in minor units, with "lot" and
-- "cohort" where they have one. False when a code or a unit is not of the chart.
create or replace function ledger_money_is_right(p_legs jsonb) returns boolean
language sql stable as $$
    select coalesce(bool_and(
        leg->>'unit' ~ '^[A-Z]{3}$' and (leg->>'amount')::bigint > 0
        and leg->>'debit' <> leg->>'credit'
        and (select count(*) from ledger_account a where a.unit = 'money' and a.code in (leg->>'debit', leg->>'credit')) = 2
    ), true)
    from jsonb_array_elements(p_legs) leg
$$;

create or replace function ledger_write_money(
    w ledger_wallet, p_transaction uuid, p_now timestamptz, p_kind text, p_legs jsonb, p_lot uuid,
    p_detail jsonb, p_first boolean
) returns void
language sql as $$
    insert into ledger_transfer (customer_id, id, transaction_id, version, unit, debit, credit, amount, lot_id, kind,
        document, cohort, reverses, actor, reason, posted_at, effective_at, balance_after, posted_on)
    select w.customer_id, case when p_first and i = 1 then p_transaction else ledger_new_id() end, p_transaction,
        w.version, leg->>'unit', leg->>'debit', leg->>'credit', (leg->>'amount')::bigint,
        coalesce((leg->>'lot')::uuid, p_lot), p_kind, p_detail->>'document',
        coalesce(leg->>'cohort', (
            select cohort from ledger_lot l where l.customer_id = w.customer_id and l.id = coalesce((leg->>'lot')::uuid, p_lot))),
        (p_detail->>'reverses')::uuid, p_detail->>'actor', p_detail->>'reason',
        p_now, (p_detail->>'effective_at')::timestamptz, w.balance, (p_detail->>'posted_on')::date
    from jsonb_array_elements(p_legs) with ordinality x(leg, i)
$$;

-- Whether a balance or a limit would grow beyond what sums of it can hold: 4 million million credits.
create or replace function ledger_is_too_large(p_now bigint, p_more bigint) returns boolean
language sql immutable parallel safe as $$
    select p_now > 4000000000000000000 - p_more
$$;
