-- A move between customers (E16): two transactions, each inside its customer, through the clearing
-- accounts U35 and 2190. The lot is split at its carrying value; expiry, kind, currency and cohort
-- go along, and no revenue appears.

-- The part of a lot that moves, as a lot of the receiver; the rest of it opens a new basis (R16).
create or replace function ledger_move_lot(
    inout a ledger_wallet, inout b ledger_wallet, p_lot uuid, p_amount bigint, p_transaction uuid, p_other uuid,
    p_first boolean, p_detail jsonb, p_now timestamptz
)
language plpgsql as $$
declare
    l ledger_lot;
    v_new uuid := ledger_new_id();
    v_value bigint;
    v_tax bigint := 0;
begin
    select * into l from ledger_lot where customer_id = a.customer_id and id = p_lot;
    v_value := ledger_carrying(l.price, l.units, l.remaining) - ledger_carrying(l.price, l.units, l.remaining - p_amount);
    -- Tax that was charged at the sale stays with it; what is due on use goes along.
    if l.tax_on_use then
        v_tax := ledger_carrying(l.tax, l.units, l.remaining) - ledger_carrying(l.tax, l.units, l.remaining - p_amount);
    end if;
    b.lots := b.lots + 1;
    insert into ledger_lot (customer_id, id, seq, kind, priority, units, remaining, expires_at, currency, price, cohort,
        refundable_until, escheat_class, document, reason, issued_at, tax, tax_on_use)
    values (b.customer_id, v_new, b.lots, l.kind, l.priority, p_amount, p_amount, l.expires_at, l.currency, v_value, l.cohort,
        l.refundable_until, l.escheat_class, 'move:' || l.id, p_detail->>'reason', l.issued_at, v_tax, l.tax_on_use);
    if l.remaining > p_amount then
        update ledger_lot
        set price = ledger_carrying(l.price, l.units, l.remaining) - v_value,
            tax = case when l.tax_on_use then ledger_carrying(l.tax, l.units, l.remaining) - v_tax else l.tax end, units = l.remaining - p_amount, remaining = l.remaining - p_amount
        where customer_id = a.customer_id and id = l.id;
    else
        update ledger_lot set remaining = 0, open = false where customer_id = a.customer_id and id = l.id;
    end if;
    perform ledger_write_legs(a, p_transaction, p_now, 'move', 'U20', 'U35', array[l.id], array[p_amount], null, p_detail, p_first);
    perform ledger_write_legs(b, p_other, p_now, 'move', 'U35', 'U20', array[v_new], array[p_amount], null, p_detail, p_first);
    if v_value > 0 then
        perform ledger_write_money(a, p_transaction, p_now, 'move', jsonb_build_array(jsonb_build_object(
            'unit', l.currency, 'debit', '2100', 'credit', '2190', 'amount', v_value)), l.id, p_detail, false);
        perform ledger_write_money(b, p_other, p_now, 'move', jsonb_build_array(jsonb_build_object(
            'unit', l.currency, 'debit', '2190', 'credit', '2100', 'amount', v_value)), v_new, p_detail, false);
    end if;
    b.due_at := least(b.due_at, l.expires_at);
end
$$;

create or replace function ledger_save(w ledger_wallet) returns void
language sql as $$
    update ledger_wallet
    set (balance, held, frozen, credit_limit, debt, version, lots, head_id, head_free, head_held, due_at, low_mark, high_mark, dry, meter, forced) =
        (w.balance, w.held, w.frozen, w.credit_limit, w.debt, w.version, w.lots, w.head_id, w.head_free, w.head_held, w.due_at,
         w.low_mark, w.high_mark, w.dry, w.meter, w.forced)
    where customer_id = w.customer_id
$$;

-- Moves an amount, of one lot or in order of use. Answers for the giver: ok with both transactions'
-- ids in `lots`, or a refusal. Both wallets must exist; they are locked in id order.
create or replace function ledger_move(p_from uuid, p_to uuid, p_amount bigint, p_detail jsonb default '{}') returns ledger_result
language plpgsql security definer set search_path from current as $$
declare
    a ledger_wallet;
    b ledger_wallet;
    r ledger_result;
    p record;
    t record;
    v_now timestamptz;
    v_transaction uuid := ledger_new_id();
    v_other uuid := ledger_new_id();
begin
    perform 1 from (
        select from ledger_wallet where customer_id in (p_from, p_to) order by customer_id for no key update
    ) locked;
    v_now := ledger_now();
    -- What was used is revenue at the old basis.
    perform ledger_recognise(array[p_from]);
    select * into a from ledger_wallet where customer_id = p_from;
    select * into b from ledger_wallet where customer_id = p_to;
    if a.customer_id is null or b.customer_id is null then
        return ledger_refusal(a, 'no-wallet');
    elsif p_from = p_to or p_amount is null or p_amount <= 0 then
        return ledger_refusal(a, 'malformed-amount');
    elsif ledger_is_too_large(b.balance, p_amount) then
        return ledger_refusal(a, 'balance-too-large');
    end if;
    a := ledger_unload_head(ledger_settle_due(a, v_now));
    b := ledger_unload_head(ledger_settle_due(b, v_now));
    p := ledger_pick_free(a, (p_detail->>'lot')::uuid, p_amount, v_now);
    if p.lots is null or p_amount > a.balance - a.held - a.frozen then
        a := ledger_look(ledger_load_head(a, v_now), v_now);
        perform ledger_save(a), ledger_save(ledger_look(ledger_load_head(b, v_now), v_now));
        r := ledger_refusal(a, 'insufficient-credits', p_amount);
        r.told := ledger_told();
        return r;
    end if;
    a.version := a.version + 1;
    b.version := b.version + 1;
    a.balance := a.balance - p_amount;
    b.balance := b.balance + p_amount;
    for i in 1 .. cardinality(p.lots) loop
        t := ledger_move_lot(a, b, p.lots[i], p.parts[i], v_transaction, v_other, i = 1, p_detail, v_now);
        a := t.a;
        b := t.b;
    end loop;
    perform ledger_tell(p_to, 'credits.added', v_other::text, jsonb_build_object('amount', p_amount, 'kind', 'move'), v_now);
    a := ledger_look(ledger_settle_wallet(a, v_now), v_now);
    b := ledger_look(ledger_settle_wallet(b, v_now), v_now);
    perform ledger_save(a), ledger_save(b), ledger_mark_recognised(a);
    r := ledger_refusal(a, 'ok');
    r.told := ledger_told();
    r.amount := p_amount;
    r.transaction_id := v_transaction;
    r.lots := p.lots;
    r.lot_amounts := p.parts;
    return r;
end
$$;
