-- Balances to tell of. A threshold is crossed when what is available falls to its level, and
-- recovers a tenth above it, so that a balance that swings about it does not tell again and again.

create or replace function ledger_recovers_at(p_level bigint) returns bigint
language sql immutable as $$
    select p_level + greatest(p_level / 10, 1)
$$;

-- Between these marks there is nothing to tell.
create or replace function ledger_mark(inout w ledger_wallet)
language plpgsql as $$
begin
    select greatest(
            max(level) filter (where not crossed and purpose <> 'dry'),
            -- Where a call was refused while something was left, that nothing is left is still to be told.
            case when not w.dry or bool_or(purpose = 'dry' and level > 0) then 0 end),
        min(recovers_at) filter (where crossed)
    into w.low_mark, w.high_mark
    from ledger_threshold where customer_id = w.customer_id and level is not null;
    w.high_mark := coalesce(w.high_mark, 9223372036854775807);
    if w.low_mark is null or w.balance - w.held - w.frozen <= w.low_mark then
        w.low_mark := -9223372036854775808;
    end if;
end
$$;

create or replace function ledger_tell_threshold(p_customer uuid, p_id uuid, p_kind text, p_available bigint, p_now timestamptz) returns void
language sql as $$
    select ledger_tell(p_customer, p_kind, id::text, jsonb_build_object(
        'purpose', purpose, 'basis', basis, 'value', value, 'level', level, 'available', p_available), p_now)
    from ledger_threshold where customer_id = p_customer and id = p_id
$$;

-- Nothing is left, or not as much as a call asked for. At most hourly, but for nothing after little.
create or replace function ledger_run_dry(inout w ledger_wallet, p_required bigint, p_now timestamptz)
language plpgsql as $$
declare
    v_available bigint := w.balance - w.held - w.frozen;
    v_left bigint := greatest(v_available, 0);
    v_tell boolean;
begin
    select t.told_at + t.cool_down <= p_now or v_left = 0 and t.value > 0 into v_tell
    from ledger_threshold t where customer_id = w.customer_id and id = w.customer_id;
    v_tell := coalesce(v_tell, true);
    insert into ledger_threshold as t (customer_id, id, purpose, basis, value, level, recovers_at, cool_down, crossed, told, told_at)
    values (w.customer_id, w.customer_id, 'dry', 'credits', v_left, v_left, greatest(v_available, 0) + 1, '1 hour', true, true, p_now)
    on conflict (customer_id, id) do update
    set level = excluded.level, recovers_at = excluded.recovers_at, crossed = true, told = v_tell or t.crossed and t.told,
        told_at = case when v_tell then p_now else t.told_at end, value = case when v_tell then v_left else t.value end;
    w.dry := true;
    if v_tell then
        perform ledger_tell(w.customer_id, 'balance.exhausted', null,
            jsonb_strip_nulls(jsonb_build_object('available', v_available, 'required', p_required)), p_now);
    end if;
    w := ledger_mark(w);
end
$$;

-- Tells what the balance has passed, and what it could not tell within the cool-down of the last time.
create or replace function ledger_look(inout w ledger_wallet, p_now timestamptz)
language plpgsql as $$
declare
    v_available bigint := w.balance - w.held - w.frozen;
    v_told boolean;
    t ledger_threshold;
begin
    if v_available <= 0 and w.version > 0 and (w.low_mark >= v_available or not w.dry) then
        w := ledger_run_dry(w, null, p_now);
    end if;
    for t in
        select * from ledger_threshold where customer_id = w.customer_id
            and (crossed and recovers_at <= v_available or purpose <> 'dry' and not (crossed and told) and level >= v_available)
        order by level desc, id
    loop
        if t.recovers_at <= v_available then
            v_told := false;
            w.dry := w.dry and t.purpose <> 'dry';
            -- One that was set above the balance was never told of.
            if t.told and t.told_at is not null then
                perform ledger_tell_threshold(t.customer_id, t.id, 'balance.recovered', v_available, p_now);
            end if;
        else
            v_told := coalesce(t.told_at + t.cool_down <= p_now, true);
            if v_told then
                perform ledger_tell_threshold(t.customer_id, t.id, case t.purpose when 'top_up' then 'top_up.needed' else 'balance.low' end, v_available, p_now);
            end if;
        end if;
        update ledger_threshold
        set crossed = recovers_at > v_available, told = v_told, told_at = case when v_told then p_now else told_at end
        where customer_id = t.customer_id and id = t.id;
    end loop;
    w := ledger_mark(w);
end
$$;

-- Per cent are of the last purchase, which is no lot that was moved here; the rest of a level is given.
create or replace function ledger_levels(p_customer uuid) returns void
language sql as $$
    update ledger_threshold t set level = x.level, recovers_at = ledger_recovers_at(x.level)
    from (
        select id, case basis when 'credits' then value
            else ((select units from ledger_lot where customer_id = p_customer and kind = 'paid'
                    and coalesce(document, '') not like 'move:%' order by seq desc limit 1)::numeric
                * (100 - value) / 100)::bigint end as level
        from ledger_threshold where customer_id = p_customer and basis in ('credits', 'percent') and purpose <> 'dry'
    ) x
    where t.customer_id = p_customer and t.id = x.id and t.level is distinct from x.level
$$;

-- What is watched for one purpose, in place of what was. An alert that is set above the balance is not
-- told: whoever sets it sees it. A top-up is needed at once.
create or replace function ledger_watch(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    v_available bigint := w.balance - w.held - w.frozen;
    v_purpose text := o.detail->>'purpose';
    v_same uuid[];
begin
    delete from ledger_threshold t where customer_id = w.customer_id and purpose = v_purpose and not exists (
        select from jsonb_to_recordset(o.detail->'thresholds') x(id uuid, basis text, value bigint)
        where (x.id, x.basis, x.value) = (t.id, t.basis, t.value));
    select coalesce(array_agg(id), '{}') into v_same from ledger_threshold where customer_id = w.customer_id and purpose = v_purpose;
    insert into ledger_threshold as t (customer_id, id, purpose, basis, value, level, recovers_at, cool_down)
    select w.customer_id, id, v_purpose, basis, value, level, ledger_recovers_at(level), make_interval(secs => cool_down)
    from jsonb_to_recordset(o.detail->'thresholds') x(id uuid, basis text, value bigint, level bigint, cool_down integer)
    on conflict (customer_id, id) do update
    set level = coalesce(excluded.level, t.level), recovers_at = coalesce(excluded.recovers_at, t.recovers_at), cool_down = excluded.cool_down;
    perform ledger_levels(w.customer_id);
    update ledger_threshold set crossed = true, told = true
    where customer_id = w.customer_id and purpose = 'alert' and id <> all(v_same) and level >= v_available;
    return (ledger_load_head(w, p_now), ledger_refusal(w, 'ok'));
end
$$;
