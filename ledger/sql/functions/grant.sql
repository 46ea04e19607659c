-- Issues a lot: U10 to U20, with the money entries that the caller names (E01, E02, E03, E12up, E13).

create or replace function ledger_grant_refused(o ledger_operation, p_now timestamptz) returns text
language sql stable as $$
    select case
        when o.amount is null or o.amount <= 0 then 'malformed-amount'
        when coalesce(o.detail->>'kind', '') not in ('paid', 'bonus', 'promo', 'goodwill', 'adjustment') then 'unknown-kind'
        when (o.detail->>'expires_at')::timestamptz <= p_now then 'expiry-in-past'
        when coalesce((o.detail->>'price')::bigint, 0) > 0 and o.detail->>'kind' not in ('paid', 'bonus') then 'price-not-allowed'
        when o.detail->>'kind' = 'paid' and coalesce((o.detail->>'price')::bigint, 0) <= 0 then 'price-missing'
        when (o.detail->>'price')::bigint > 0 and o.detail->>'currency' is null then 'price-missing'
        when not ledger_money_is_right(o.detail->'money') then 'malformed-money'
    end
$$;

-- Lots of one currency that were sold in one month, in the provider's time zone, unless the caller
-- knows more (accounting, section 2). What has no price breaks no money.
create or replace function ledger_cohort_of(p_detail jsonb, p_now timestamptz) returns text
language sql stable as $$
    select case when (p_detail->>'price')::bigint > 0 then to_char(ledger_day(p_now), 'YYYY-MM') || '/' || (p_detail->>'currency') end
$$;

create or replace function ledger_grant(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    d jsonb := o.detail;
    r ledger_result;
    v_refused text := ledger_grant_refused(o, p_now);
    v_lot uuid := ledger_new_id();
    v_transaction uuid := case when o.key_is_id then o.key else ledger_new_id() end;
begin
    if v_refused is null and ledger_is_too_large(w.balance, o.amount) then
        v_refused := 'balance-too-large';
    end if;
    if v_refused is not null then
        return (ledger_load_head(w, p_now), ledger_refusal(w, v_refused));
    end if;
    w.lots := w.lots + 1;
    insert into ledger_lot (customer_id, id, seq, kind, priority, units, remaining, expires_at, currency, price, tax,
        cohort, refundable_until, escheat_class, document, reason, issued_at, tax_on_use)
    values (w.customer_id, v_lot, w.lots, d->>'kind', coalesce((d->>'priority')::smallint, 100), o.amount, o.amount,
        (d->>'expires_at')::timestamptz, d->>'currency', coalesce((d->>'price')::bigint, 0), coalesce((d->>'tax')::bigint, 0),
        coalesce(d->>'cohort', ledger_cohort_of(d, p_now)), (d->>'refundable_until')::timestamptz, d->>'escheat_class', d->>'document', d->>'reason', p_now, coalesce((d->>'tax_on_use')::boolean, false));
    w.version := w.version + 1;
    w.balance := w.balance + o.amount;
    perform ledger_write_legs(w, v_transaction, p_now, 'grant', 'U10', 'U20', array[v_lot], array[o.amount], null, d);
    perform ledger_write_money(w, v_transaction, p_now, 'grant', d->'money', v_lot, d, false);
    perform ledger_tell(w.customer_id, 'credits.added', v_lot::text,
        jsonb_build_object('amount', o.amount, 'kind', d->>'kind', 'transaction', v_transaction), p_now);
    if d->>'kind' = 'paid' then
        perform ledger_levels(w.customer_id);
    end if;
    w.due_at := least(w.due_at, (d->>'expires_at')::timestamptz);
    w := ledger_settle_wallet(w, p_now);
    r := ledger_refusal(w, 'ok');
    r.lot_id := v_lot;
    r.transaction_id := v_transaction;
    r.amount := o.amount;
    r.expires_at := (d->>'expires_at')::timestamptz;
    return (w, r);
end
$$;
