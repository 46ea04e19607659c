-- What a lot's terms become; its credits and their worth stay.

-- Another expiry, or none (accounting E14). A lot that has expired is not extended: it is reinstated.
create or replace function ledger_redate(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    r ledger_result;
    v_lot uuid := (o.detail->>'lot')::uuid;
    v_until timestamptz := (o.detail->>'expires_at')::timestamptz;
    v_before timestamptz;
begin
    select expires_at into v_before from ledger_lot
    where customer_id = w.customer_id and id = v_lot and open and (expires_at is null or expires_at > p_now);
    if not found then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'lot-has-ended'));
    elsif v_until <= p_now then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'expiry-in-past'));
    end if;
    update ledger_lot set expires_at = v_until, noticed_at = null where customer_id = w.customer_id and id = v_lot;
    perform ledger_tell(w.customer_id, 'lot.redated', v_lot::text, jsonb_build_object('from', v_before, 'to', v_until,
        'reason', o.detail->>'reason', 'actor', o.detail->>'actor'), p_now);
    w := ledger_load_head(w, p_now);
    w.due_at := ledger_next_due(w, p_now);
    r := ledger_refusal(w, 'ok');
    r.lot_id := v_lot;
    r.expires_at := v_until;
    return (w, r);
end
$$;

-- Whether the state may claim what is left of a lot (accounting E17), and the cohort that it stands in then.
create or replace function ledger_classify(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    r ledger_result;
    v_lot uuid := (o.detail->>'lot')::uuid;
begin
    update ledger_lot set escheat_class = o.detail->>'escheat_class', cohort = o.detail->>'cohort'
    where customer_id = w.customer_id and id = v_lot and price > 0;
    if not found then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'not-found'));
    end if;
    perform ledger_tell(w.customer_id, 'lot.classified', v_lot::text, o.detail, p_now);
    w := ledger_load_head(w, p_now);
    r := ledger_refusal(w, 'ok');
    r.lot_id := v_lot;
    return (w, r);
end
$$;

-- More credits to a paid lot for nothing (accounting E13, price concession): what is deferred is spread
-- over more credits, on a new basis (R16). All usage must be recognised before, under the wallet's lock.
create or replace function ledger_attach(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    r ledger_result;
    v_lot uuid := (o.detail->>'lot')::uuid;
    v_transaction uuid := case when o.key_is_id then o.key else ledger_new_id() end;
begin
    if ledger_is_too_large(w.balance, o.amount) then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'balance-too-large'));
    end if;
    update ledger_lot
    set price = ledger_carrying(price, units, remaining),
        tax = case when tax_on_use then ledger_carrying(tax, units, remaining) else tax end, units = remaining + o.amount, remaining = remaining + o.amount
    where customer_id = w.customer_id and id = v_lot and open and price > 0 and (expires_at is null or expires_at > p_now);
    if not found then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'lot-has-ended'));
    end if;
    w.version := w.version + 1;
    w.balance := w.balance + o.amount;
    perform ledger_write_legs(w, v_transaction, p_now, 'concession', 'U10', 'U20', array[v_lot], array[o.amount], null, o.detail);
    perform ledger_tell(w.customer_id, 'credits.added', v_lot::text,
        jsonb_build_object('amount', o.amount, 'kind', 'concession', 'transaction', v_transaction), p_now);
    w := ledger_settle_wallet(w, p_now);
    perform ledger_mark_recognised(w);
    r := ledger_refusal(w, 'ok');
    r.transaction_id := v_transaction;
    r.lot_id := v_lot;
    r.amount := o.amount;
    return (w, r);
end
$$;

-- Its owner was told that it ends.
create or replace function ledger_notice(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
begin
    update ledger_lot set noticed_at = p_now where customer_id = w.customer_id and id = (o.detail->>'lot')::uuid;
    if not found then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'not-found'));
    end if;
    return (ledger_load_head(w, p_now), ledger_refusal(w, 'ok'));
end
$$;
