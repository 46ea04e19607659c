-- What time alone has changed. Every operation does this first when something is due, so
-- availability never waits for a job: an expired hold is free, and an expired lot is gone, from
-- that second on.

create or replace function ledger_expire_holds(inout w ledger_wallet, p_now timestamptz)
language plpgsql as $$
declare
    v_holds ledger_hold[];
    v_hold ledger_hold;
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

    for i in 1 .. cardinality(v_holds) loop
        if (v_holds[i]).so_far is not null then
            v_holds[i].so_far := ledger_count_end(v_holds[i], null, false);
        end if;
    end loop;
    insert into ledger_call (customer_id, id, state, ended_as, amount, lots, split, used, committed, created_at, reserved_until,
        expires_at, ended_at, overrun, price_id, quantities, request, service_id, api_key_id, request_id, address,
        metadata, available_after, held_after, frozen_after, so_far, calls)
    select customer_id, id, 'expired', 'expired', amount, lots, split,
        coalesce(used, array_fill(0::bigint, array[cardinality(lots)])), committed, created_at, reserved_until,
        expires_at, expires_at, overrun, price_id, quantities, request, service_id, api_key_id, request_id, address,
        metadata, available_after, held_after, frozen_after, so_far, case when lease is not null then 0 end
    from unnest(v_holds);

    foreach v_hold in array v_holds loop
        w := ledger_hold_came_back(w, v_hold, ledger_left(v_hold));
    end loop;
    select coalesce(array_agg(lot), '{}'), coalesce(array_agg(part), '{}'), coalesce(sum(part), 0) into v_lots, v_held, v_total
    from unnest(v_holds) h,
        lateral (select l as lot, s - coalesce(u, 0) as part from unnest(h.lots, h.split, h.used) x(l, s, u)) y;
    perform ledger_settle_lots(w.customer_id, v_lots, v_held, array_fill(0::bigint, array[cardinality(v_lots)]));
    w.held := w.held - v_total;

    perform ledger_tell(customer_id, 'hold.expired', id::text,
        jsonb_build_object('amount', amount - committed, 'expires_at', expires_at, 'price_id', price_id), p_now)
    from unnest(v_holds);
end
$$;

create or replace function ledger_next_due(w ledger_wallet, p_now timestamptz) returns timestamptz
language sql stable as $$
    select least(
        (select min(expires_at) from ledger_hold where uuid_hash(customer_id) = uuid_hash(w.customer_id) and customer_id = w.customer_id),
        (select min(expires_at) from ledger_lot where customer_id = w.customer_id and open and expires_at > p_now))
$$;

-- Where the provider wants it so, a lot whose owner was not told that it ends goes on for a day more.
create or replace function ledger_keep_lots(p_customer uuid, p_now timestamptz) returns void
language sql as $$
    with untold as (
        select l.id, l.expires_at from ledger_lot l, ledger_books b
        where b.expiry_needs_notice and l.customer_id = p_customer and l.open and l.expires_at <= p_now and l.noticed_at is null
            and l.remaining - l.held - l.frozen > 0
    ), kept as (
        update ledger_lot l set expires_at = p_now + interval '1 day' from untold u
        where l.customer_id = p_customer and l.id = u.id
        returning l.id, l.expires_at
    )
    select ledger_tell(p_customer, 'lot.redated', k.id::text, jsonb_build_object(
        'from', u.expires_at, 'to', k.expires_at, 'reason', 'Its owner was not told yet.'), p_now)
    from kept k join untold u using (id)
$$;

-- Expires what is due. The head is unloaded and loaded again, for the order of use may have changed.
create or replace function ledger_settle_due(inout w ledger_wallet, p_now timestamptz)
language plpgsql as $$
begin
    w := ledger_unload_head(w);
    w := ledger_expire_holds(w, p_now);
    perform ledger_keep_lots(w.customer_id, p_now);
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
    w.forced := greatest(least(w.forced, -(w.balance - w.held - w.frozen) - w.credit_limit), 0);
    w := ledger_load_head(w, p_now);
end
$$;
