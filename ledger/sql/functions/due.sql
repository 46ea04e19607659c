-- What time alone has changed. Every operation does this first when something is due, so
-- availability never waits for a job: an expired hold is free, and an expired lot is gone, from
-- that second on.

create or replace function ledger_expire_holds(inout w ledger_wallet, p_now timestamptz)
language plpgsql as $$
declare
    v_holds ledger_hold[];
    v_lots uuid[];
    v_held bigint[];
    v_total bigint;
begin
    with gone as (
        delete from ledger_hold
        where uuid_hash(customer_id) = uuid_hash(w.customer_id) and customer_id = w.customer_id and expires_at <= p_now
        returning ledger_hold as h
    )
    select array_agg(h) into v_holds from gone;
    if v_holds is null then
        return;
    end if;

    insert into ledger_call (customer_id, id, state, ended_as, amount, lots, split, used, committed, created_at, reserved_until,
        expires_at, ended_at, overrun, price_id, quantities, request, service_id, api_key_id, request_id, address,
        metadata, available_after, held_after, frozen_after)
    select customer_id, id, 'expired', 'expired', amount, lots, split,
        coalesce(used, array_fill(0::bigint, array[cardinality(lots)])), committed, created_at, reserved_until,
        expires_at, expires_at, overrun, price_id, quantities, request, service_id, api_key_id, request_id, address,
        metadata, available_after, held_after, frozen_after
    from unnest(v_holds);

    select coalesce(array_agg(lot), '{}'), coalesce(array_agg(part), '{}'), coalesce(sum(part), 0) into v_lots, v_held, v_total
    from unnest(v_holds) h,
        lateral (select l as lot, s - coalesce(u, 0) as part from unnest(h.lots, h.split, h.used) x(l, s, u)) y;
    perform ledger_settle_lots(w.customer_id, v_lots, v_held, array_fill(0::bigint, array[cardinality(v_lots)]));
    w.held := w.held - v_total;

    insert into ledger_event (customer_id, id, kind, subject, data, created_at)
    select customer_id, ledger_new_id(), 'hold.expired', id::text,
        jsonb_build_object('amount', amount - committed, 'expires_at', expires_at), p_now
    from unnest(v_holds);
end
$$;

create or replace function ledger_next_due(w ledger_wallet, p_now timestamptz) returns timestamptz
language sql stable as $$
    select least(
        (select min(expires_at) from ledger_hold where uuid_hash(customer_id) = uuid_hash(w.customer_id) and customer_id = w.customer_id),
        (select min(expires_at) from ledger_lot where customer_id = w.customer_id and open and expires_at > p_now))
$$;

-- Expires what is due. The head is unloaded and loaded again, for the order of use may have changed.
create or replace function ledger_settle_due(inout w ledger_wallet, p_now timestamptz)
language plpgsql as $$
begin
    w := ledger_unload_head(w);
    w := ledger_expire_holds(w, p_now);
    w := ledger_expire_lots(w, p_now);
    w := ledger_cover_debt(w, p_now);
    w := ledger_load_head(w, p_now);
    w.due_at := ledger_next_due(w, p_now);
end
$$;

-- The end of every general operation: what came free of expired lots is breakage, debts are
-- covered, and the first lot is the head again.
create or replace function ledger_settle_wallet(inout w ledger_wallet, p_now timestamptz)
language plpgsql as $$
begin
    w := ledger_expire_lots(w, p_now, true);
    w := ledger_cover_debt(w, p_now);
    w := ledger_load_head(w, p_now);
end
$$;
