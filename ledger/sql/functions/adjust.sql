-- Takes free credits away, with a cause: void (issued in error, E12void), forfeit (terms breached,
-- E12forfeit), refund (E10) or escheat (E17), of one lot or in order of use. Freeze and unfreeze
-- (E11), which move nothing in the journal. The credit limit.

create or replace function ledger_adjust_account(p_cause text) returns text
language sql immutable as $$
    select case p_cause when 'void' then 'U34' when 'forfeit' then 'U31' when 'refund' then 'U32' when 'escheat' then 'U33' end
$$;

-- The free lots in order of use that make up an amount, or the one lot asked for; null when they fall short.
create or replace function ledger_pick_free(
    w ledger_wallet, p_lot uuid, p_amount bigint, p_now timestamptz, out lots uuid[], out parts bigint[]
)
language sql stable as $$
    select case when sum(part) = p_amount then array_agg(id order by before) end,
           case when sum(part) = p_amount then array_agg(part order by before) end
    from (
        select id, least(free, p_amount - before)::bigint as part, before
        from (
            select id, free, sum(free) over (order by priority, expires_at, paid, seq) - free as before
            from (
                select id, priority, expires_at, paid, seq, remaining - held - frozen as free from ledger_lot
                where customer_id = w.customer_id and (p_lot is null or id = p_lot)
                    and open and (expires_at is null or expires_at > p_now) and remaining - held - frozen > 0
            ) l
        ) ordered
        where before < p_amount
    ) picked
$$;

create or replace function ledger_adjust(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    r ledger_result;
    p record;
    v_account text := ledger_adjust_account(o.detail->>'cause');
    v_transaction uuid := case when o.key_is_id then o.key else ledger_new_id() end;
begin
    p := ledger_pick_free(w, (o.detail->>'lot')::uuid, o.amount, p_now);
    if v_account is null then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'unknown-cause'));
    elsif not ledger_money_is_right(o.detail->'money') then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'malformed-money'));
    elsif p.lots is null or o.amount > w.balance - w.held - w.frozen then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'insufficient-credits', o.amount));
    end if;
    perform ledger_settle_lots(w.customer_id, p.lots, array_fill(0::bigint, array[cardinality(p.lots)]), p.parts);
    w.version := w.version + 1;
    w.balance := w.balance - o.amount;
    perform ledger_write_legs(w, v_transaction, p_now, o.detail->>'cause', 'U20', v_account, p.lots, p.parts, null, o.detail);
    if o.detail ? 'money' then
        perform ledger_write_money(w, v_transaction, p_now, o.detail->>'cause', o.detail->'money', (o.detail->>'lot')::uuid, null, o.detail, false);
    end if;
    w := ledger_settle_wallet(w, p_now);
    r := ledger_refusal(w, 'ok');
    r.transaction_id := v_transaction;
    r.amount := o.amount;
    r.lots := p.lots;
    r.lot_amounts := p.parts;
    return (w, r);
end
$$;

create or replace function ledger_freeze(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    r ledger_result;
    p record;
begin
    p := ledger_pick_free(w, (o.detail->>'lot')::uuid, o.amount, p_now);
    if p.lots is null or o.amount > w.balance - w.held - w.frozen then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'insufficient-credits', o.amount));
    end if;
    update ledger_lot l set frozen = l.frozen + x.part
    from unnest(p.lots, p.parts) x(lot, part) where l.customer_id = w.customer_id and l.id = x.lot;
    w.frozen := w.frozen + o.amount;
    w := ledger_load_head(w, p_now);
    perform ledger_tell(w.customer_id, 'credits.frozen', o.detail->>'lot', jsonb_build_object('amount', o.amount), p_now);
    r := ledger_refusal(w, 'ok');
    r.amount := o.amount;
    r.lots := p.lots;
    r.lot_amounts := p.parts;
    return (w, r);
end
$$;

-- Gives frozen credits free again; those of a lot that has expired meanwhile go on to breakage.
create or replace function ledger_unfreeze(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    r ledger_result;
    l record;
    v_left bigint := o.amount;
    v_part bigint;
begin
    if o.amount > coalesce((select sum(frozen) from ledger_lot where customer_id = w.customer_id and open
            and (o.detail->>'lot' is null or id = (o.detail->>'lot')::uuid)), 0) then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'not-frozen', o.amount));
    end if;
    for l in
        select id, frozen from ledger_lot
        where customer_id = w.customer_id and open and frozen > 0 and (o.detail->>'lot' is null or id = (o.detail->>'lot')::uuid)
        order by priority, expires_at, paid, seq
    loop
        v_part := least(l.frozen, v_left);
        update ledger_lot set frozen = frozen - v_part where customer_id = w.customer_id and id = l.id;
        v_left := v_left - v_part;
        exit when v_left = 0;
    end loop;
    w.frozen := w.frozen - o.amount;
    w := ledger_settle_wallet(w, p_now);
    perform ledger_tell(w.customer_id, 'credits.unfrozen', o.detail->>'lot', jsonb_build_object('amount', o.amount), p_now);
    r := ledger_refusal(w, 'ok');
    r.amount := o.amount;
    return (w, r);
end
$$;

create or replace function ledger_limit(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
begin
    w := ledger_load_head(w, p_now);
    if ledger_is_too_large(0, o.amount) then
        return (w, ledger_refusal(w, 'balance-too-large'));
    elsif w.balance - w.held - w.frozen < -o.amount then
        return (w, ledger_refusal(w, 'credit-limit-in-use', o.amount));
    end if;
    w.credit_limit := o.amount;
    return (w, ledger_refusal(w, 'ok'));
end
$$;
