-- A longer (or shorter) life for an open hold, counted from now, at most 7 days after it was made.

create or replace function ledger_extend(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    h ledger_hold;
begin
    w := ledger_load_head(w, p_now);
    select * into h from ledger_hold
    where customer_id = o.customer_id and id = o.reservation_id and lease is null and ledger_names_price(o.price_id, price_id);
    if not found then
        return ledger_settle_again(ledger_unload_head(w), o, p_now);
    end if;
    if p_now + make_interval(secs => o.expires_in) > h.created_at + interval '7 days' then
        return (w, ledger_hold_refusal(w, h, 'extension-too-long'));
    end if;
    h.expires_at := p_now + make_interval(secs => o.expires_in);
    update ledger_hold set expires_at = h.expires_at where customer_id = h.customer_id and id = h.id;
    w.due_at := least(w.due_at, h.expires_at);
    return (w, ledger_hold_refusal(w, h, 'ok'));
end
$$;
