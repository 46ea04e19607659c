-- The short way of a lone reserve or commit, when all of it is in the head lot, nothing is due, and
-- its key is new: the rule of list.sql, row by row. Null: it does not apply, and nothing was
-- changed.

create or replace function ledger_reserve_alone(o ledger_operation, p_now timestamptz) returns ledger_result
language plpgsql as $$
declare
    v_until timestamptz := p_now + make_interval(secs => o.expires_in);
    v_head uuid;
    v_available bigint;
    v_held bigint;
    v_frozen bigint;
    v_rates jsonb;
begin
    update ledger_wallet
    set held = held + o.amount, head_free = head_free - o.amount, head_held = head_held + o.amount, last_key = greatest(last_key, o.key),
        due_at = least(due_at, v_until), meter = case when (meter).charged is not null then ledger_charged(meter, o.amount, true, p_now) end
    where customer_id = o.customer_id and o.amount between 1 and head_free
        and balance - held - frozen - o.amount >= 0 and balance - held - frozen - o.amount > low_mark
        and ((meter).charged is null or ledger_admits(meter, o.amount, p_now))
    returning head_id, balance - held - frozen, held, frozen,
        case when (meter).every is not null then jsonb_build_array(ledger_rate_left('customer', meter, p_now)) end
    into v_head, v_available, v_held, v_frozen, v_rates;
    if not found then
        return null;
    end if;
    insert into ledger_hold values (
        o.customer_id, o.key, o.amount, array[v_head], array[o.amount], null, 0, v_until, p_now, v_until,
        coalesce(o.overrun, 'reject'), o.price_id, o.quantities, o.request, o.service_id, o.api_key_id, o.request_id,
        o.address, o.metadata, v_available, v_held, v_frozen);
    return row(1, 'ok', false, o.customer_id, o.key, o.price_id, 'held', o.amount, 0, null, null, array[v_head], array[o.amount],
        o.quantities, null, null, v_until, v_available, v_held, v_frozen, null, null, null, false, v_rates)::ledger_result;
end
$$;

create or replace function ledger_commit_alone(o ledger_operation, p_head uuid, p_room bigint, p_since timestamptz, p_metered boolean, p_now timestamptz) returns ledger_result
language plpgsql as $$
declare
    h ledger_hold;
    v_used bigint;
    v_version bigint;
    v_balance bigint;
    v_held bigint;
    v_frozen bigint;
begin
    delete from ledger_hold
    where customer_id = o.customer_id and id = o.reservation_id and used is null and cardinality(lots) = 1
        and lots[1] = p_head and coalesce(o.amount, amount) between 1 and amount
        and amount - coalesce(o.amount, amount) < p_room
        and ledger_names_price(o.price_id, price_id) and so_far is null and created_at >= p_since
    returning * into h;
    if not found then
        return null;
    end if;
    v_used := coalesce(o.amount, h.amount);
    if p_metered then
        perform ledger_give_back_subjects(h.customer_id, h.api_key_id, h.price_id, h.created_at, h.amount - v_used);
    end if;
    update ledger_wallet
    set held = held - h.amount, head_held = head_held - h.amount, head_free = head_free + h.amount - v_used,
        balance = balance - v_used, version = version + 1, last_key = greatest(last_key, o.key),
        meter = case when (meter).charged is null or (meter).holds is null and v_used = h.amount then meter else ledger_given_back(meter, h.amount - v_used, true) end
    where customer_id = o.customer_id
    returning version, balance, held, frozen into v_version, v_balance, v_held, v_frozen;
    insert into ledger_transfer values (
        o.customer_id, o.key, o.key, v_version, 'CR', 'U20', 'U30', v_used, h.lots[1], 'commit', h.id,
        null, null, null, null, null, p_now, null, v_balance);
    insert into ledger_call values (
        h.customer_id, h.id, 'committed', 'committed', h.amount, h.lots, h.split, array[v_used], v_used, 0, 0, null, h.created_at,
        h.reserved_until, h.expires_at, p_now, h.overrun, o.outcome, h.price_id, h.quantities, o.quantities, o.key, h.request,
        o.request, h.service_id, o.service_id, h.api_key_id, h.request_id, o.request_id, h.address, h.metadata,
        h.available_after, h.held_after, h.frozen_after, v_balance - v_held - v_frozen, v_held, v_frozen);
    return row(1, 'ok', false, o.customer_id, h.id, h.price_id, 'committed', h.amount, v_used, h.amount - v_used, 0, h.lots,
        array[v_used], coalesce(o.quantities, h.quantities), o.key, null, h.reserved_until, v_balance - v_held - v_frozen,
        v_held, v_frozen, null, null, null, false, null)::ledger_result;
end
$$;

-- Parameters, not joins, so that of each table only the partition of the key's own time is opened.
create or replace function ledger_key_is_known(p_customer uuid, p_key uuid) returns boolean
language plpgsql as $$
begin
    return exists (select from ledger_key where customer_id = p_customer and key = p_key)
        or exists (select from ledger_hold where customer_id = p_customer and id = p_key)
        or exists (select from ledger_call where customer_id = p_customer and id = p_key)
        or exists (select from ledger_transfer where customer_id = p_customer and id = p_key);
end
$$;

-- The door for a caller that has one operation only.
create or replace function ledger_apply(o ledger_operation, p_wait boolean default true) returns ledger_result
language plpgsql security definer
set search_path from current
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_head uuid;
    v_due_at timestamptz;
    v_last_key uuid;
    v_room bigint;
    v_since timestamptz;
    v_metered boolean;
    v_shift interval;
    v_now timestamptz;
    r ledger_result;
begin
    if o.key_is_id and o.op in ('reserve', 'commit') and o.final is distinct from false and o.rule is null and o.percent is null then
        if p_wait then
            select head_id, due_at, last_key, least(high_mark, 5000000000000000000) - (balance - held - frozen), coalesce((meter).since, '-infinity'), metered,
                case when clock_shift is null then shift else shift + clock_shift end
            into v_head, v_due_at, v_last_key, v_room, v_since, v_metered, v_shift
            from ledger_wallet w, ledger_clock where customer_id = o.customer_id for no key update of w;
        else
            select head_id, due_at, last_key, least(high_mark, 5000000000000000000) - (balance - held - frozen), coalesce((meter).since, '-infinity'), metered,
                case when clock_shift is null then shift else shift + clock_shift end
            into v_head, v_due_at, v_last_key, v_room, v_since, v_metered, v_shift
            from ledger_wallet w, ledger_clock where customer_id = o.customer_id for no key update of w skip locked;
        end if;
        v_now := clock_timestamp() + v_shift;
        if v_head is null or v_due_at <= v_now or o.key <= v_last_key and ledger_key_is_known(o.customer_id, o.key) then
            -- The long way.
        elsif o.op = 'reserve' then
            if not v_metered then
                r := ledger_reserve_alone(o, v_now);
            elsif coalesce(o.amount, 0) >= 1 and ledger_charge_subjects(o.customer_id, o.api_key_id, o.price_id, o.amount, v_now) then
                r := ledger_reserve_alone(o, v_now);
                if r.code is null then
                    perform ledger_give_back_subjects(o.customer_id, o.api_key_id, o.price_id, v_now, o.amount);
                end if;
            end if;
        else
            r := ledger_commit_alone(o, v_head, v_room, v_since, v_metered, v_now);
        end if;
    end if;
    if r.code is null then
        select * into r from ledger_apply_list(array[o], p_wait);
    end if;
    return r;
end
$$;
