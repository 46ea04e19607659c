-- Commit and release of any hold. (The common case, the whole of a hold in the head lot, is decided
-- in list.sql by the same rule.)

create or replace function ledger_used(h ledger_hold) returns bigint[]
language sql immutable as $$
    select coalesce(h.used, array_fill(0::bigint, array[cardinality(h.lots)]))
$$;

-- What a hold still holds.
create or replace function ledger_left(h ledger_hold) returns bigint
language sql immutable as $$
    select coalesce(sum(split - used), 0)::bigint from unnest(h.split, ledger_used(h)) x(split, used)
$$;

-- Spreads an amount over a hold's lots, in their order, on top of what was used before.
create or replace function ledger_spread(h ledger_hold, p_amount bigint) returns bigint[]
language sql immutable as $$
    select coalesce(array_agg((used + greatest(least(free, p_amount - before), 0))::bigint order by i), '{}')
    from (
        select i, used, split - used as free, sum(split - used) over (order by i) - (split - used) as before
        from unnest(h.split, ledger_used(h)) with ordinality x(split, used, i)
    ) y
$$;

-- Moves to consumed what of a hold is used now, beyond what was used before; the journal's part of
-- a commit. `p_drop` also lets go of what is left.
create or replace function ledger_consume(
    inout w ledger_wallet, h ledger_hold, o ledger_operation, p_used bigint[], p_drop boolean, p_now timestamptz,
    out amount bigint, out transaction_id uuid
)
language plpgsql as $$
declare
    v_held bigint[];
    v_parts bigint[];
    v_held_sum bigint;
    v_without_lot bigint;
begin
    select array_agg(case when p_drop then split - before else used - before end order by i), array_agg(used - before order by i),
        coalesce(sum(case when p_drop then split - before else used - before end), 0), coalesce(sum(used - before), 0),
        coalesce(sum(used - before) filter (where lot is null), 0)
    into v_held, v_parts, v_held_sum, amount, v_without_lot
    from unnest(h.lots, h.split, ledger_used(h), p_used) with ordinality x(lot, split, before, used, i);

    perform ledger_settle_lots(w.customer_id, h.lots, v_held, v_parts);
    w.held := w.held - v_held_sum;
    w.balance := w.balance - amount;
    w.debt := w.debt + v_without_lot;
    if amount > 0 then
        w.version := w.version + 1;
        transaction_id := case when o.key_is_id then o.key else ledger_new_id() end;
        perform ledger_write_legs(w, transaction_id, p_now, 'commit', 'U20', 'U30', h.lots, v_parts, h.id,
            case when o.happened_at is not null then jsonb_build_object('effective_at', o.happened_at) end);
    end if;
end
$$;

create or replace function ledger_new_call(
    w ledger_wallet, h ledger_hold, o ledger_operation, p_state text, p_used bigint[], p_committed bigint,
    p_uncollected bigint, p_transaction uuid, p_now timestamptz
) returns ledger_call
language plpgsql as $$
begin
    return row(h.customer_id, h.id, p_state, p_state, h.amount, h.lots, h.split, p_used, p_committed, p_uncollected, 0, null,
        h.created_at, h.reserved_until, h.expires_at, p_now, h.overrun, o.outcome, h.price_id, h.quantities,
        case when o.op = 'commit' then o.quantities end, p_transaction, h.request, o.request, h.service_id, o.service_id,
        h.api_key_id, h.request_id, o.request_id, h.address, h.metadata, h.available_after, h.held_after, h.frozen_after,
        w.balance - w.held - w.frozen, w.held, w.frozen, h.so_far, o.happened_at,
        case when h.lease is not null then 0 when o.detail ? 'calls' then (o.detail->>'calls')::bigint end)::ledger_call;
end
$$;

-- What of a hold comes back, to whose limits it counted for.
create or replace function ledger_hold_came_back(inout w ledger_wallet, h ledger_hold, p_amount bigint)
language plpgsql as $$
begin
    if (w.meter).charged is not null or w.metered then
        w := ledger_came_back(w, h.api_key_id, h.price_id, h.created_at, p_amount, true);
    end if;
end
$$;

-- Ends a hold: p_used of each lot is consumed, the rest comes back.
create or replace function ledger_end_hold(
    w ledger_wallet, h ledger_hold, o ledger_operation, p_state text, p_used bigint[], p_uncollected bigint, p_now timestamptz
) returns ledger_step
language plpgsql as $$
declare
    t record;
    c ledger_call;
begin
    delete from ledger_hold where customer_id = h.customer_id and id = h.id;
    t := ledger_consume(w, h, o, p_used, true, p_now);
    w := t.w;
    if o.op <> 'debit' then
        w := ledger_hold_came_back(w, h, ledger_left(h) - t.amount);
        if h.so_far is not null then
            h.so_far := ledger_count_end(h, o.quantities, o.op = 'commit' and o.amount is distinct from 0);
        end if;
    end if;
    w := ledger_settle_wallet(w, p_now);
    c := ledger_new_call(w, h, o, p_state, p_used, h.committed + t.amount, p_uncollected, t.transaction_id, p_now);
    insert into ledger_call select (c).*;
    return (w, ledger_ended_result(c));
end
$$;

-- Commits a part and keeps the rest held.
create or replace function ledger_commit_part(
    w ledger_wallet, h ledger_hold, o ledger_operation, p_used bigint[], p_uncollected bigint, p_now timestamptz
) returns ledger_step
language plpgsql as $$
declare
    t record;
    r ledger_result;
begin
    t := ledger_consume(w, h, o, p_used, false, p_now);
    w := ledger_settle_wallet(t.w, p_now);
    h.used := p_used;
    h.committed := h.committed + t.amount;
    h.so_far := ledger_count_part(h, o);
    update ledger_hold set lots = h.lots, split = h.split, used = h.used, committed = h.committed, so_far = h.so_far
    where customer_id = h.customer_id and id = h.id;
    r := ledger_hold_refusal(w, h, 'ok');
    r.released := 0;
    r.uncollected := p_uncollected;
    r.transaction_id := t.transaction_id;
    select * into r.lots, r.lot_amounts from ledger_by_lot(h.lots, h.used);
    return (w, r);
end
$$;

create or replace function ledger_commit(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    h ledger_hold;
    t record;
    v_amount bigint;
    v_extra bigint;
    v_uncollected bigint := 0;
    v_why jsonb;
    r ledger_result;
begin
    select * into h from ledger_hold
    where customer_id = o.customer_id and id = o.reservation_id and lease is null and ledger_names_price(o.price_id, price_id);
    if not found then
        return ledger_settle_again(w, o, p_now);
    end if;
    v_amount := ledger_asked(o, ledger_left(h), h);
    v_extra := greatest(v_amount - ledger_left(h), 0);
    if v_extra > 0 and h.overrun = 'reject' then
        return (ledger_load_head(w, p_now), ledger_hold_refusal(w, h, 'amount-exceeds-reservation'));
    elsif v_extra > 0 and h.overrun = 'cap' then
        v_uncollected := v_extra;
    elsif v_extra > 0 then
        if not ledger_can_cover(w, v_extra) then
            return (ledger_load_head(w, p_now), ledger_hold_refusal(w, h, 'insufficient-credits', v_extra));
        end if;
        if (w.meter).charged is not null or w.metered then
            perform ledger_open_key(w, h.api_key_id, p_now);
            t := ledger_refuse_extra(w, h, v_extra, p_now);
            w := t.w;
            v_why := t.why;
            if v_why is not null then
                r := ledger_hold_refusal(w, h, 'spend-cap-reached', v_extra);
                r.limits := v_why;
                return (ledger_load_head(w, p_now), r);
            end if;
            t := ledger_charge(w, o, h.api_key_id, h.price_id, v_extra, p_now);
            w := t.w;
        end if;
        t := ledger_take(w, v_extra, p_now);
        w := t.w;
        h.used := ledger_used(h) || array_fill(0::bigint, array[cardinality(t.lots)]);
        h.lots := h.lots || t.lots;
        h.split := h.split || t.split;
    end if;
    if coalesce(o.final, true) then
        return ledger_end_hold(w, h, o, 'committed', ledger_spread(h, v_amount), v_uncollected, p_now);
    end if;
    return ledger_commit_part(w, h, o, ledger_spread(h, v_amount), v_uncollected, p_now);
end
$$;

create or replace function ledger_release(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    h ledger_hold;
begin
    select * into h from ledger_hold
    where customer_id = o.customer_id and id = o.reservation_id and lease is null and ledger_names_price(o.price_id, price_id);
    if not found then
        return ledger_settle_again(w, o, p_now);
    end if;
    return ledger_end_hold(w, h, o, 'released', ledger_used(h), 0, p_now);
end
$$;

-- What the commit that ended a call took; less than its `committed` where parts were committed before.
create or replace function ledger_ended_amount(c ledger_call) returns bigint
language sql stable as $$
    select coalesce(sum(t.amount), 0)::bigint
    from ledger_transfer first join ledger_transfer t
        on uuid_hash(t.customer_id) = uuid_hash(c.customer_id) and t.version = first.version and t.customer_id = c.customer_id
    where first.customer_id = c.customer_id and first.id = c.transaction_id and t.kind = 'commit'
$$;

-- A commit that comes after its hold has expired, of a customer whose plan charges it: what is still
-- available of what it asks for. The work was done, so that caps count it and do not refuse it.
create or replace function ledger_commit_late(w ledger_wallet, c ledger_call, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    h ledger_hold := ledger_hold_of(c);
    v_before ledger_call := c;
    t record;
    v_asked bigint := ledger_asked(o, c.amount - c.committed, ledger_hold_of(c));
    v_taken bigint := least(v_asked, greatest(w.balance - w.held - w.frozen + w.credit_limit, 0));
begin
    perform ledger_open_key(w, c.api_key_id, p_now);
    t := ledger_take(w, v_taken, p_now);
    w := t.w;
    h.lots := t.lots;
    h.split := t.split;
    t := ledger_consume(w, h, o, h.split, true, p_now);
    w := t.w;
    if (w.meter).charged is not null or w.metered then
        w := (ledger_charge(w, o, c.api_key_id, c.price_id, v_taken, p_now)).w;
    end if;
    if c.so_far is not null and o.amount is distinct from 0 then
        c.so_far := ledger_count_late(c, o.quantities);
    end if;
    w := ledger_settle_wallet(w, p_now);
    c.lots := c.lots || h.lots;
    c.split := c.split || h.split;
    c.used := c.used || h.split;
    c.committed := c.committed + v_taken;
    update ledger_call
    set state = 'committed', ended_as = 'committed', lots = c.lots, split = c.split, used = c.used, committed = c.committed,
        uncollected = v_asked - v_taken, so_far = c.so_far, ended_at = p_now, outcome = o.outcome, used_quantities = o.quantities, transaction_id = t.transaction_id,
        ended_request = o.request, ended_service_id = o.service_id, ended_request_id = o.request_id,
        ended_available = w.balance - w.held - w.frozen, ended_held = w.held, ended_frozen = w.frozen
    where customer_id = c.customer_id and id = c.id
    returning * into c;
    perform ledger_correct_usage(v_before, c);
    return (w, ledger_ended_result(c));
end
$$;

-- A hold that has ended already: the first result if it is settled again the same way (same verb,
-- same resulting amount), otherwise a conflict that shows how it ended. Nothing changes either way.
create or replace function ledger_settle_again(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    c ledger_call;
    v_ended bigint;
    v_whole bigint;
    v_asked bigint;
    v_same boolean;
begin
    w := ledger_load_head(w, p_now);
    select * into c from ledger_call
    where customer_id = o.customer_id and id = o.reservation_id and ledger_names_price(o.price_id, price_id);
    if not found then
        return (w, ledger_refusal(w, 'not-found'));
    end if;
    if o.op = 'release' then
        v_same := c.state = 'released';
    elsif o.op = 'commit' and c.state = 'expired' and w.late_commit and coalesce(o.final, true) then
        return ledger_commit_late(ledger_unload_head(w), c, o, p_now);
    elsif o.op = 'commit' and c.state = 'committed' and coalesce(o.final, true) then
        v_ended := ledger_ended_amount(c);
        v_whole := greatest(c.amount - (c.committed - v_ended), 0);
        if o.rule is not null and o.amount is null then
            -- Its price is of that time: the same work is the same amount.
            v_same := o.quantities is not distinct from coalesce(c.used_quantities, c.quantities) and o.outcome is not distinct from c.outcome;
        else
            v_asked := ledger_share(coalesce(o.amount, v_whole), o.percent);
            v_same := v_asked = v_ended + c.uncollected or v_ended = case when c.overrun = 'cap' then least(v_asked, v_whole) else v_asked end;
        end if;
    end if;
    return (w, case when v_same then ledger_ended_result(c) else ledger_call_refusal(w, c) end);
end
$$;
