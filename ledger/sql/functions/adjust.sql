-- Takes credits away, with a cause: void (issued in error, E12void), forfeit (terms breached,
-- E12forfeit), refund (E10), dispute (E11b) or escheat (E17), of one lot or in order of use; what is
-- frozen of a lot, or has expired of it, where that is said. What is paid for cannot be void: money
-- came for it. Restore gives back what a cause took. Freeze and unfreeze (E11), which move nothing in
-- the journal. The credit limit.

create or replace function ledger_adjust_account(p_cause text) returns text
language sql immutable as $$
    select case p_cause when 'void' then 'U34' when 'forfeit' then 'U31' when 'refund' then 'U32' when 'dispute' then 'U32' when 'escheat' then 'U33' end
$$;

-- Where the deferred revenue of what is taken goes, unless the caller names the entries.
create or replace function ledger_adjust_money_account(p_cause text) returns text
language sql immutable as $$
    select case p_cause when 'forfeit' then '2110' when 'refund' then '2400' when 'dispute' then '1200' when 'escheat' then '2300' end
$$;

-- The free lots in order of use that make up an amount, or the one lot asked for; null when they fall short.
create or replace function ledger_pick_free(
    w ledger_wallet, p_lot uuid, p_amount bigint, p_now timestamptz, p_unpaid boolean default false, out lots uuid[], out parts bigint[]
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
                where customer_id = w.customer_id and (p_lot is null or id = p_lot) and not (paid and p_unpaid)
                    and open and (expires_at is null or expires_at > p_now) and remaining - held - frozen > 0
            ) l
        ) ordered
        where before < p_amount
    ) picked
$$;

-- `frozen` of the amount comes out of what is frozen of the lot that is named, the rest is free.
create or replace function ledger_adjust(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    r ledger_result;
    v_lots uuid[];
    v_parts bigint[];
    v_lot uuid := (o.detail->>'lot')::uuid;
    v_frozen bigint := coalesce((o.detail->>'frozen')::bigint, 0);
    v_cause text := o.detail->>'cause';
    v_account text := ledger_adjust_account(v_cause);
    v_money jsonb := o.detail->'money';
    v_transaction uuid := case when o.key_is_id then o.key else ledger_new_id() end;
begin
    -- What is frozen is a dispute's: it may be of a lot that has expired since, of which nobody else may take.
    if (o.detail->>'expired')::boolean then
        return ledger_escheat_expired(w, o, p_now);
    elsif v_account is null or v_frozen > 0 and v_cause <> 'dispute' then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'unknown-cause'));
    elsif not ledger_money_is_right(o.detail->'money') then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'malformed-money'));
    elsif v_frozen not between 0 and o.amount or v_frozen > 0 and v_frozen > coalesce(
            (select frozen from ledger_lot where customer_id = w.customer_id and id = v_lot), 0) then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'not-frozen', o.amount));
    end if;
    if o.amount > v_frozen then
        select lots, parts into v_lots, v_parts from ledger_pick_free(w, v_lot, o.amount - v_frozen, p_now, v_cause = 'void');
        if v_lots is null and v_cause = 'void' and (ledger_pick_free(w, v_lot, o.amount, p_now)).lots is not null then
            return (ledger_load_head(w, p_now), ledger_refusal(w, 'lot-is-paid', o.amount));
        elsif v_lots is null or o.amount - v_frozen > w.balance - w.held - w.frozen then
            return (ledger_load_head(w, p_now), ledger_refusal(w, 'insufficient-credits', o.amount));
        end if;
    end if;
    if v_frozen > 0 then
        update ledger_lot set frozen = frozen - v_frozen where customer_id = w.customer_id and id = v_lot;
        w.frozen := w.frozen - v_frozen;
        v_lots := array[v_lot];
        v_parts := array[o.amount];
    end if;
    v_money := coalesce(v_money, ledger_value_legs(w.customer_id, v_lots, v_parts, '2100', ledger_adjust_money_account(v_cause)));
    perform ledger_settle_lots(w.customer_id, v_lots, array_fill(0::bigint, array[cardinality(v_lots)]), v_parts);
    w.version := w.version + 1;
    w.balance := w.balance - o.amount;
    perform ledger_write_legs(w, v_transaction, p_now, v_cause, 'U20', v_account, v_lots, v_parts, null, o.detail);
    perform ledger_write_money(w, v_transaction, p_now, v_cause, v_money, v_lot, o.detail, false);
    w := ledger_settle_wallet(w, p_now);
    r := ledger_refusal(w, 'ok');
    r.transaction_id := v_transaction;
    r.amount := o.amount;
    r.lots := v_lots;
    r.lot_amounts := v_parts;
    return (w, r);
end
$$;

-- What has expired of a lot is the state's after all (E17): breakage becomes property. It is worth what
-- giving it back would be.
create or replace function ledger_escheat_expired(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    r ledger_result;
    v_lot uuid := (o.detail->>'lot')::uuid;
    v_transaction uuid := case when o.key_is_id then o.key else ledger_new_id() end;
begin
    w := ledger_load_head(w, p_now);
    if o.detail->>'cause' is distinct from 'escheat' then
        return (w, ledger_refusal(w, 'unknown-cause'));
    elsif ledger_units_of(w.customer_id, v_lot, 'U31') < o.amount then
        return (w, ledger_refusal(w, 'not-expired', o.amount));
    end if;
    w.version := w.version + 1;
    perform ledger_write_legs(w, v_transaction, p_now, 'escheat', 'U31', 'U33', array[v_lot], array[o.amount], null, o.detail);
    perform ledger_write_money(w, v_transaction, p_now, 'escheat',
        ledger_value_legs(w.customer_id, array[v_lot], array[-o.amount], '2110', '2300'), v_lot, o.detail, false);
    r := ledger_refusal(w, 'ok');
    r.transaction_id := v_transaction;
    r.amount := o.amount;
    r.lot_id := v_lot;
    return (w, r);
end
$$;

-- Gives a lot back what a cause took of it (a refund, unless another is named), until a new expiry where
-- one is given. Where the lot has expired meanwhile, it goes on to breakage.
create or replace function ledger_restore(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    r ledger_result;
    v_lot uuid := (o.detail->>'lot')::uuid;
    v_until timestamptz := (o.detail->>'expires_at')::timestamptz;
    v_account text := ledger_adjust_account(coalesce(o.detail->>'cause', 'refund'));
    v_transaction uuid := case when o.key_is_id then o.key else ledger_new_id() end;
begin
    if v_account is null then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'unknown-cause'));
    elsif not ledger_money_is_right(o.detail->'money') then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'malformed-money'));
    elsif v_until <= p_now then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'expiry-in-past'));
    elsif ledger_is_too_large(w.balance, o.amount) then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'balance-too-large'));
    end if;
    if ledger_units_of(w.customer_id, v_lot, v_account) < o.amount then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'not-found'));
    end if;
    update ledger_lot set remaining = remaining + o.amount, open = true, expires_at = coalesce(v_until, expires_at),
        noticed_at = case when v_until is null then noticed_at end
    where customer_id = w.customer_id and id = v_lot;
    w.version := w.version + 1;
    w.balance := w.balance + o.amount;
    perform ledger_write_legs(w, v_transaction, p_now, 'restore', v_account, 'U20', array[v_lot], array[o.amount], null, o.detail);
    perform ledger_write_money(w, v_transaction, p_now, 'restore', o.detail->'money', v_lot, o.detail, false);
    w := ledger_settle_wallet(w, p_now);
    w.due_at := ledger_next_due(w, p_now);
    r := ledger_refusal(w, 'ok');
    r.transaction_id := v_transaction;
    r.amount := o.amount;
    r.lot_id := v_lot;
    return (w, r);
end
$$;

-- Money alone: what happened to it moved no credits.
create or replace function ledger_post(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    r ledger_result;
    v_transaction uuid := case when o.key_is_id then o.key else ledger_new_id() end;
begin
    w := ledger_load_head(w, p_now);
    if coalesce(jsonb_array_length(o.detail->'money'), 0) = 0 or not ledger_money_is_right(o.detail->'money') then
        return (w, ledger_refusal(w, 'malformed-money'));
    elsif o.detail->>'kind' is null then
        return (w, ledger_refusal(w, 'unknown-kind'));
    end if;
    w.version := w.version + 1;
    perform ledger_write_money(w, v_transaction, p_now, o.detail->>'kind', o.detail->'money', null, o.detail, true);
    r := ledger_refusal(w, 'ok');
    r.transaction_id := v_transaction;
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
declare
    v_in_use bigint;
begin
    w := ledger_load_head(w, p_now);
    v_in_use := w.held + w.frozen - w.balance;
    if ledger_is_too_large(0, o.amount) then
        return (w, ledger_refusal(w, 'balance-too-large'));
    elsif v_in_use > o.amount and not coalesce((o.detail->>'at_least_in_use')::boolean, false) then
        return (w, ledger_refusal(w, 'credit-limit-in-use', o.amount));
    end if;
    -- What is in use already never makes it grow.
    w.credit_limit := greatest(o.amount, least(v_in_use, w.credit_limit));
    return (w, ledger_refusal(w, 'ok'));
end
$$;
