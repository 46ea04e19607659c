-- The answers of the core, told from its rows.

-- A settlement that names another price than its hold's names no hold: it may be priced at that one.
create or replace function ledger_names_price(p_named integer, p_held integer) returns boolean
language sql immutable parallel safe as $$
    select coalesce(p_named, p_held, 0) = coalesce(p_held, 0)
$$;

-- A refusal, with the balance as it is.
create or replace function ledger_refusal(w ledger_wallet, p_code text, p_required bigint default null) returns ledger_result
language plpgsql as $$
declare
    r ledger_result;
begin
    r.code := p_code;
    r.replayed := false;
    r.customer_id := w.customer_id;
    r.available := w.balance - w.held - w.frozen;
    r.held := w.held;
    r.frozen := w.frozen;
    r.required := p_required;
    r.credit_limit := w.credit_limit;
    return r;
end
$$;

-- The answer to the making of a reservation. It is always told from the row, so that a replay is the
-- same to the byte. Lots that an overrun added later stand behind those that make up the amount.
create or replace function ledger_held_result(h ledger_hold) returns ledger_result
language plpgsql as $$
declare
    v_lots uuid[] := h.lots;
    v_split bigint[] := h.split;
begin
    if cardinality(h.lots) > 1 or h.amount = 0 then
        select coalesce(array_agg(lot order by i), '{}'), coalesce(array_agg(part order by i), '{}') into v_lots, v_split
        from (
            select lot, part, i, sum(part) over (order by i) as so_far
            from unnest(h.lots, h.split) with ordinality x(lot, part, i)
        ) y where so_far <= h.amount;
    end if;
    return row(null, 'ok', false, h.customer_id, h.id, h.price_id, 'held', h.amount, 0, null, null, v_lots, v_split,
        h.quantities, null, null, h.reserved_until, h.available_after, h.held_after, h.frozen_after, null, null, null, false, null)::ledger_result;
end
$$;

-- The hold that an ended reservation once was.
create or replace function ledger_hold_of(c ledger_call) returns ledger_hold
language plpgsql as $$
begin
    return row(c.customer_id, c.id, c.amount, c.lots, c.split, null, 0, c.expires_at, c.created_at, c.reserved_until,
        c.overrun, c.price_id, c.quantities, c.request, c.service_id, c.api_key_id, c.request_id, c.address, c.metadata,
        c.available_after, c.held_after, c.frozen_after, c.so_far, null)::ledger_hold;
end
$$;

-- The parts that are not zero, one for each lot, in their order.
create or replace function ledger_by_lot(p_lots uuid[], p_parts bigint[], out lots uuid[], out parts bigint[])
language sql immutable as $$
    select coalesce(array_agg(lot order by i), '{}'), coalesce(array_agg(part order by i), '{}')
    from (
        select lot, sum(part)::bigint as part, min(i) as i from unnest(p_lots, p_parts) with ordinality x(lot, part, i)
        where part > 0 group by lot
    ) y
$$;

-- The answer to its end, from its row; `lots` are those that paid. A later reversal does not change it.
create or replace function ledger_ended_result(c ledger_call) returns ledger_result
language plpgsql as $$
declare
    v_lots uuid[] := c.lots;
    v_used bigint[] := c.used;
begin
    if cardinality(c.lots) <> 1 or c.used[1] = 0 then
        select * into v_lots, v_used from ledger_by_lot(c.lots, c.used);
    end if;
    return row(null, 'ok', false, c.customer_id, c.id, c.price_id, c.ended_as, c.amount, c.committed,
        greatest(c.amount - c.committed, 0), c.uncollected, v_lots, v_used, coalesce(c.used_quantities, c.quantities),
        c.transaction_id, null, c.reserved_until, c.ended_available, c.ended_held, c.ended_frozen, null, null, null, false, null)::ledger_result;
end
$$;

-- Refusals that show the reservation as it stands.
create or replace function ledger_hold_refusal(w ledger_wallet, h ledger_hold, p_code text, p_required bigint default null) returns ledger_result
language plpgsql as $$
declare
    r ledger_result := ledger_held_result(h);
begin
    r.code := p_code;
    r.committed := h.committed;
    r.expires_at := h.expires_at;
    r.available := w.balance - w.held - w.frozen;
    r.held := w.held;
    r.frozen := w.frozen;
    r.required := p_required;
    r.credit_limit := w.credit_limit;
    return r;
end
$$;

create or replace function ledger_call_refusal(w ledger_wallet, c ledger_call, p_code text default null) returns ledger_result
language plpgsql as $$
declare
    r ledger_result := ledger_ended_result(c);
begin
    r.code := coalesce(p_code, 'reservation-' || c.state);
    r.state := c.state;
    r.available := w.balance - w.held - w.frozen;
    r.held := w.held;
    r.frozen := w.frozen;
    return r;
end
$$;
