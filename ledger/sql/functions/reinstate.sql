-- Gives back what has expired of a lot, until a new expiry (accounting E15), and its deferred revenue
-- with it. What the state may claim is not given back so.
create or replace function ledger_reinstate(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    r ledger_result;
    v_lot uuid := (o.detail->>'lot')::uuid;
    v_until timestamptz := (o.detail->>'expires_at')::timestamptz;
    v_transaction uuid := case when o.key_is_id then o.key else ledger_new_id() end;
    v_money jsonb;
begin
    w := ledger_expire_lots(w, p_now);
    if v_until <= p_now then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'expiry-in-past'));
    elsif ledger_is_too_large(w.balance, o.amount) then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'balance-too-large'));
    elsif ledger_units_of(w.customer_id, v_lot, 'U31') < o.amount then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'not-expired', o.amount));
    end if;
    v_money := ledger_value_legs(w.customer_id, array[v_lot], array[-o.amount], '2110', '2100');
    update ledger_lot set remaining = remaining + o.amount, open = true, expires_at = v_until, noticed_at = null
    where customer_id = w.customer_id and id = v_lot;
    w.version := w.version + 1;
    w.balance := w.balance + o.amount;
    perform ledger_write_legs(w, v_transaction, p_now, 'reinstate', 'U31', 'U20', array[v_lot], array[o.amount], null, o.detail);
    perform ledger_write_money(w, v_transaction, p_now, 'reinstate', v_money, v_lot, o.detail, false);
    perform ledger_tell(w.customer_id, 'credits.added', v_lot::text,
        jsonb_build_object('amount', o.amount, 'kind', 'reinstate', 'transaction', v_transaction), p_now);
    w := ledger_settle_wallet(w, p_now);
    w.due_at := ledger_next_due(w, p_now);
    r := ledger_refusal(w, 'ok');
    r.transaction_id := v_transaction;
    r.lot_id := v_lot;
    r.amount := o.amount;
    r.expires_at := v_until;
    return (w, r);
end
$$;
