-- Leases: a hold that its holder spends locally and settles in lines, each of them a call of the log.
-- The holder stops at the expiry that it was told; the hold lasts a grace longer, for what is on its
-- way. So nobody spends what the wallet has given to somebody else.

create or replace function ledger_lease_grace() returns interval
language sql immutable parallel safe as $$
    select interval '30 seconds'
$$;

-- What an endpoint may cost can only be looked at call by call.
create or replace function ledger_cannot_be_leased(w ledger_wallet) returns boolean
language sql stable as $$
    select (w.metered or (w.meter).charged is not null) and exists (
        select from ledger_limit_in_force where customer_id = w.customer_id and scope = 'endpoint')
$$;

-- How a lease stands: `amount` is what its holder may spend until `expires_at`, `required` the last settlement.
create or replace function ledger_lease_result(w ledger_wallet, h ledger_hold, p_state text, p_settled bigint) returns ledger_result
language plpgsql as $$
declare
    r ledger_result := ledger_refusal(w, 'ok', (h.lease->>'sequence')::bigint);
begin
    r.reservation_id := h.id;
    r.state := p_state;
    r.amount := case when p_state = 'open' then h.amount else 0 end;
    r.committed := p_settled;
    r.expires_at := h.reserved_until;
    return r;
end
$$;

-- As much more as is asked for and available, within the limits; none where that is below the least.
create or replace function ledger_lease_more(
    inout w ledger_wallet, o ledger_operation, p_asked bigint, p_least bigint, p_now timestamptz,
    out lots uuid[], out split bigint[], out r ledger_result
)
language plpgsql as $$
declare
    a record;
begin
    lots := '{}';
    split := '{}';
    o.amount := least(p_asked, greatest(w.balance - w.held - w.frozen + w.credit_limit, 0));
    if o.amount < p_least then
        r := ledger_refusal(w, 'insufficient-credits', p_least);
        return;
    end if;
    perform ledger_open_key(w, o.api_key_id, p_now);
    a := ledger_admit(w, o, p_now);
    w := a.w;
    if (a.r).code is not null and o.amount > p_least and p_least > 0 then
        o.amount := p_least;
        a := ledger_admit(w, o, p_now);
        w := a.w;
    end if;
    if (a.r).code is not null then
        r := a.r;
    elsif o.amount > 0 then
        a := ledger_take(w, o.amount, p_now);
        w := a.w;
        lots := a.lots;
        split := a.split;
    end if;
end
$$;

-- detail: {"minimum": the least that is of use}.
create or replace function ledger_lease(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    t record;
    h ledger_hold;
begin
    if ledger_cannot_be_leased(w) then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'lease-impossible'));
    end if;
    o.op := 'reserve';
    t := ledger_lease_more(w, o, o.amount, (o.detail->>'minimum')::bigint, p_now);
    w := ledger_load_head(t.w, p_now);
    if (t.r).code is not null then
        return (w, t.r);
    end if;
    h := ledger_new_hold(w, o, ledger_new_id(), t.lots, t.split, p_now);
    h.lease := jsonb_build_object('sequence', 0, 'amount', o.amount, 'expires_in', o.expires_in);
    h := ledger_add_to_hold(h, '{}', '{}');
    h.expires_at := h.reserved_until + ledger_lease_grace();
    h.request := null;
    insert into ledger_hold select (h).*;
    w := (ledger_charge(w, o, h.api_key_id, null, h.amount, p_now)).w;
    w.due_at := least(w.due_at, h.expires_at);
    return (w, ledger_lease_result(w, h, 'open', 0));
end
$$;

-- Parts of a hold off it: `lots` and `split` are those of the amount, `h` is what is left.
create or replace function ledger_draw(inout h ledger_hold, p_amount bigint, out lots uuid[], out split bigint[])
language plpgsql as $$
begin
    select coalesce(array_agg(lot order by i) filter (where part > 0), '{}'), coalesce(array_agg(part order by i) filter (where part > 0), '{}'),
        coalesce(array_agg(lot order by i) filter (where has > part), '{}'), coalesce(array_agg(has - part order by i) filter (where has > part), '{}')
    into lots, split, h.lots, h.split
    from (
        select lot, has, i, greatest(least(has, p_amount - (sum(has) over (order by i) - has)), 0)::bigint as part
        from unnest(h.lots, h.split) with ordinality x(lot, has, i)
    ) y;
    h.amount := h.amount - p_amount;
    h.used := array_fill(0::bigint, array[cardinality(h.lots)]);
end
$$;

create or replace function ledger_add_to_hold(h ledger_hold, p_lots uuid[], p_split bigint[]) returns ledger_hold
language plpgsql as $$
begin
    h.lots := h.lots || p_lots;
    h.split := h.split || p_split;
    h.amount := (select coalesce(sum(part), 0) from unnest(h.split) part);
    h.used := array_fill(0::bigint, array[cardinality(h.lots)]);
    return h;
end
$$;

-- The lease counted for the customer and its key. What limits of an endpoint came after it was made
-- hear of its calls now.
create or replace function ledger_charge_endpoint(
    w ledger_wallet, o ledger_operation, p_price integer, p_amount bigint, p_made_at timestamptz, p_now timestamptz
) returns void
language plpgsql as $$
declare
    s ledger_subject;
begin
    o.op := 'commit';
    for s in select * from ledger_subjects(w.customer_id, null, p_price) loop
        s.meter := ledger_turn_windows(w.customer_id, s.scope, s.subject, s.meter, p_now);
        update ledger_limit set base = base + p_amount
        where customer_id = w.customer_id and scope = s.scope and subject = s.subject and kind = 'spend' and starts_at > p_made_at;
        s.meter := ledger_charge_meter(o, s.scope, s.subject, s.meter, p_amount, p_now);
        update ledger_subject set meter = s.meter where customer_id = w.customer_id and subject = s.subject;
    end loop;
end
$$;

-- Calls count for rates when they are told of: until these have room again, a lease gets no more.
create or replace function ledger_count_calls(inout w ledger_wallet, p_key uuid, p_calls bigint, p_now timestamptz)
language plpgsql as $$
begin
    w.meter.full_at := greatest((w.meter).full_at, p_now) + make_interval(secs => (p_calls * (w.meter).every)::double precision / 1000000);
    if w.metered then
        update ledger_subject
        set meter.full_at = greatest((meter).full_at, p_now) + make_interval(secs => (p_calls * (meter).every)::double precision / 1000000)
        where customer_id = w.customer_id and subject = p_key and (meter).every is not null;
    end if;
end
$$;

-- One line of a settlement: so many calls of an endpoint, as a debit that the lease pays.
create or replace function ledger_settle_line(inout w ledger_wallet, inout h ledger_hold, o ledger_operation, p_line jsonb, p_now timestamptz)
language plpgsql as $$
declare
    t record;
    d ledger_operation := o;
    x ledger_hold;
begin
    d.op := 'debit';
    d.key := null;
    d.key_is_id := false;
    d.request := null;
    d.amount := (p_line->>'amount')::bigint;
    d.price_id := (p_line->>'price_id')::integer;
    d.quantities := nullif(p_line->'quantities', 'null');
    d.api_key_id := h.api_key_id;
    d.detail := jsonb_build_object('calls', p_line->'calls');
    w := ledger_unload_head(w);
    t := ledger_draw(h, d.amount);
    h := t.h;
    x := ledger_new_hold(w, d, ledger_new_id(), t.lots, t.split, p_now);
    -- As if each had been reserved with the lease and committed now.
    x.created_at := h.created_at;
    x.reserved_until := h.reserved_until;
    x.expires_at := h.expires_at;
    x.available_after := null;
    x.held_after := null;
    x.frozen_after := null;
    if (w.meter).every is not null or w.metered then
        w := ledger_count_calls(w, h.api_key_id, (p_line->>'calls')::bigint, p_now);
    end if;
    if w.metered then
        perform ledger_charge_endpoint(w, o, d.price_id, d.amount, h.created_at, p_now);
    end if;
    w := (ledger_end_hold(w, x, d, 'committed', x.split, 0, p_now)).w;
end
$$;

-- Who was suspended, or whose key was revoked or has expired, is given no more: what there is of the
-- lease is all that can still be spent.
create or replace function ledger_may_lease_more(p_customer uuid, p_key uuid, p_now timestamptz) returns boolean
language sql stable as $$
    select not exists (
        select from accounts_customer c
        where c.id = p_customer and (c.status <> 'active' or p_key is not null and c.keys_suspended_at is not null)
    ) and not exists (
        select from accounts_apikey k
        where k.id = p_key and (k.revoked_at is not null or k.suspended_at is not null or k.expires_at <= p_now)
    )
$$;

-- From now on it has so much, as far as that is available, for as long as at first. It counts for
-- limits as if it were made now.
create or replace function ledger_renew_lease(inout w ledger_wallet, inout h ledger_hold, o ledger_operation, p_now timestamptz)
language plpgsql as $$
declare
    v_wanted bigint := coalesce(o.amount, (h.lease->>'amount')::bigint);
    v_expires_in integer := coalesce(o.expires_in, (h.lease->>'expires_in')::integer);
    v_counts boolean := (w.meter).charged is not null or w.metered;
    t record;
begin
    w := ledger_unload_head(w);
    o.op := 'commit';
    o.api_key_id := h.api_key_id;
    if v_counts then
        w := ledger_came_back(w, h.api_key_id, null, h.created_at, h.amount, false);
    end if;
    if v_wanted < h.amount then
        t := ledger_draw(h, h.amount - v_wanted);
        h := t.h;
        perform ledger_settle_lots(w.customer_id, t.lots, t.split, array_fill(0::bigint, array[cardinality(t.lots)]));
        w.held := w.held - (select sum(part) from unnest(t.split) part);
    end if;
    if v_counts then
        w := (ledger_charge(w, o, h.api_key_id, null, h.amount, p_now)).w;
    end if;
    if v_wanted > h.amount and ledger_may_lease_more(w.customer_id, h.api_key_id, p_now) then
        -- A limit or an empty wallet is no reason to take what it has.
        t := ledger_lease_more(w, o, v_wanted - h.amount, 0, p_now);
        w := t.w;
        h := ledger_add_to_hold(h, t.lots, t.split);
        if v_counts then
            w := (ledger_charge(w, o, h.api_key_id, null, (select coalesce(sum(part), 0)::bigint from unnest(t.split) part), p_now)).w;
        end if;
    end if;
    h.lease := h.lease || jsonb_build_object('amount', v_wanted, 'expires_in', v_expires_in);
    h.created_at := p_now;
    h.reserved_until := p_now + make_interval(secs => v_expires_in);
    h.expires_at := h.reserved_until + ledger_lease_grace();
    w.due_at := least(w.due_at, h.expires_at);
    w := ledger_settle_wallet(w, p_now);
end
$$;

-- Why a settlement is refused; null: it is not. What it says is in `required`: the sequence, or the
-- amount, that would be right.
create or replace function ledger_settling_refused(w ledger_wallet, h ledger_hold, o ledger_operation) returns ledger_result
language plpgsql as $$
declare
    v_next bigint := (h.lease->>'sequence')::bigint + 1;
    r ledger_result;
begin
    if h.id is null then
        return ledger_refusal(w, coalesce((
            select case c.state when 'expired' then 'lease-expired' else 'lease-ended' end
            from ledger_call c where c.customer_id = o.customer_id and c.id = o.reservation_id and c.calls = 0), 'not-found'));
    elsif (o.detail->>'sequence')::bigint <> v_next then
        return ledger_refusal(w, 'lease-sequence-gap', v_next);
    elsif (select sum((line->>'amount')::bigint) from jsonb_array_elements(o.detail->'usage') line) > h.amount then
        return ledger_refusal(w, 'amount-exceeds-lease', h.amount);
    end if;
    return null;
end
$$;

-- detail: {"sequence", "usage": [{"price_id", "calls", "amount", "quantities"}], "renew"}. The lines are
-- posted, and the lease is renewed or ends: what is left of it comes back.
create or replace function ledger_settle_lease(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    h ledger_hold;
    t record;
    r ledger_result;
    v_line jsonb;
    v_settled bigint := 0;
begin
    select * into h from ledger_hold where customer_id = o.customer_id and id = o.reservation_id and lease is not null;
    r := ledger_settling_refused(w, h, o);
    if r.code is not null then
        return (ledger_load_head(w, p_now), r);
    end if;
    for v_line in select line from jsonb_array_elements(o.detail->'usage') line loop
        t := ledger_settle_line(w, h, o, v_line, p_now);
        w := t.w;
        h := t.h;
        v_settled := v_settled + (v_line->>'amount')::bigint;
    end loop;
    h.lease := jsonb_set(h.lease, '{sequence}', o.detail->'sequence');
    if (o.detail->>'renew')::boolean then
        t := ledger_renew_lease(w, h, o, p_now);
        w := t.w;
        h := t.h;
        update ledger_hold
        set amount = h.amount, lots = h.lots, split = h.split, used = h.used, lease = h.lease, created_at = h.created_at,
            reserved_until = h.reserved_until, expires_at = h.expires_at
        where customer_id = h.customer_id and id = h.id;
        return (w, ledger_lease_result(w, h, 'open', v_settled));
    end if;
    o.op := 'release';
    o.request := null;
    w := (ledger_end_hold(ledger_unload_head(w), h, o, 'released', h.used, 0, p_now)).w;
    return (w, ledger_lease_result(w, h, 'ended', v_settled));
end
$$;
