-- Reserve and debit over any number of lots, and down to the credit limit. (The common case, all
-- of it in the head lot, is decided in list.sql by the same rule.)

create or replace function ledger_new_hold(
    w ledger_wallet, o ledger_operation, p_id uuid, p_lots uuid[], p_split bigint[], p_now timestamptz
) returns ledger_hold
language plpgsql as $$
declare
    v_until timestamptz := p_now + make_interval(secs => coalesce(o.expires_in, 0));  -- a debit has none
begin
    return row(o.customer_id, p_id, o.amount, p_lots, p_split, null, 0, v_until, p_now, v_until, coalesce(o.overrun, 'reject'), o.price_id,
        o.quantities, o.request, o.service_id, o.api_key_id, o.request_id, o.address, o.metadata,
        w.balance - w.held - w.frozen, w.held, w.frozen, o.so_far, null)::ledger_hold;
end
$$;

-- What costs nothing is let through, also to who owes more than the credit limit.
create or replace function ledger_can_cover(w ledger_wallet, p_amount bigint) returns boolean
language sql immutable as $$
    select p_amount <= greatest(w.balance - w.held - w.frozen + w.credit_limit, 0)
$$;

create or replace function ledger_reserve(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    t record;
    h ledger_hold;
begin
    if not ledger_can_cover(w, o.amount) then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'insufficient-credits', o.amount));
    end if;
    t := ledger_take(w, o.amount, p_now);
    w := ledger_load_head(t.w, p_now);
    h := ledger_new_hold(w, o, case when o.key_is_id then o.key else ledger_new_id() end, t.lots, t.split, p_now);
    insert into ledger_hold select (h).*;
    w.due_at := least(w.due_at, h.expires_at);
    return (w, ledger_held_result(h));
end
$$;

create or replace function ledger_debit(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    t record;
    h ledger_hold;
begin
    if not ledger_can_cover(w, o.amount) and o.overrun is distinct from 'debt' then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'insufficient-credits', o.amount));
    end if;
    -- Work that was done already, of who agreed to owe for it, goes below the credit limit.
    w.forced := greatest(w.forced, o.amount - (w.balance - w.held - w.frozen) - w.credit_limit);
    t := ledger_take(w, o.amount, p_now);
    h := ledger_new_hold(t.w, o, case when o.key_is_id then o.key else ledger_new_id() end, t.lots, t.split, p_now);
    -- A debit has one answer only, that of its end.
    h.available_after := null;
    h.held_after := null;
    h.frozen_after := null;
    return ledger_end_hold(t.w, h, o, 'committed', h.split, 0, p_now);
end
$$;
