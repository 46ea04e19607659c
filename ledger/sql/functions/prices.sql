-- Prices that depend on what the month has had (tiers, free quotas), decided under the wallet's lock.
-- The same arithmetic in Python is ledger/prices/pricing.py, for prices that depend on nothing.

create or replace function ledger_half_even(p_numerator numeric, p_denominator numeric) returns bigint
language sql immutable parallel safe as $$
    select (whole + case
        when 2 * rest > p_denominator or 2 * rest = p_denominator and whole % 2 = 1 then 1 else 0 end)::bigint
    from (select div(p_numerator, p_denominator) as whole, p_numerator - div(p_numerator, p_denominator) * p_denominator as rest) x
$$;

-- What x units cost at graduated tiers, times the size that the tiers' amounts are for.
create or replace function ledger_graduated(p_tiers jsonb, p_units numeric) returns numeric
language sql immutable parallel safe as $$
    select coalesce(sum((tier->>'amount')::numeric
        * greatest(least(p_units, coalesce((tier->>'up_to')::numeric, p_units)) - coalesce((before->>'up_to')::numeric, 0), 0)), 0)
    from (
        select tier, lag(tier) over (order by i) as before from jsonb_array_elements(p_tiers) with ordinality x(tier, i)
    ) y
$$;

-- What one unit costs, times its size, from so many of the month to so many.
create or replace function ledger_unit_cost(p_unit jsonb, p_from numeric, p_to numeric) returns numeric
language sql immutable parallel safe as $$
    select case p_unit->>'mode'
        when 'graduated' then ledger_graduated(p_unit->'tiers', p_to) - ledger_graduated(p_unit->'tiers', p_from)
        when 'volume' then (p_to - p_from) * (
            select (tier->>'amount')::numeric from jsonb_array_elements(p_unit->'tiers') with ordinality x(tier, i)
            where tier->>'up_to' is null or (tier->>'up_to')::numeric >= p_to order by i limit 1)
        else (p_to - p_from) * (p_unit->>'amount')::numeric
    end
$$;

-- Exact, rounded once half-even, then not less than the minimum and not more than the maximum. What
-- the free quota alone made free stays free. Of a hold: what is beyond `p_reserved` comes after all that
-- the month has had by now (`p_tally`), so that no quota and no tier serves twice.
create or replace function ledger_price_of(
    p_rule jsonb, p_quantities jsonb, p_so_far jsonb, p_reserved jsonb default null, p_tally jsonb default null
) returns bigint
language plpgsql immutable as $$
declare
    v_unit jsonb;
    v_free numeric;
    v_name text;
    v_before numeric;
    v_units numeric;
    v_reserved numeric;
    v_within numeric;
    v_cost numeric := coalesce((p_rule->>'per_call')::numeric, 0);
    v_by numeric := 1;
    v_quota boolean := false;
    v_price bigint;
begin
    for v_unit in select jsonb_array_elements(p_rule->'units') loop
        v_name := v_unit->>'name';
        v_free := coalesce((v_unit->>'free')::numeric, 0);
        v_quota := v_quota or v_free > 0;
        v_before := coalesce((p_so_far->>v_name)::numeric, 0);
        v_units := case when v_name = 'calls' then 1 else coalesce((p_quantities->>v_name)::numeric, 0) end;
        v_reserved := case when p_reserved is null then v_units else coalesce((p_reserved->>v_name)::numeric, 0) end;
        v_within := greatest(least(v_units, v_reserved), 0);
        v_cost := v_cost * (v_unit->>'size')::numeric
            + ledger_unit_cost(v_unit, greatest(v_before - v_free, 0), greatest(v_before + v_within - v_free, 0)) * v_by;
        if v_units > v_within then
            -- Parts that went beyond it are not in the tally yet.
            v_before := coalesce((p_tally->>v_name)::numeric, 0) + greatest(-v_reserved, 0);
            v_cost := v_cost
                + ledger_unit_cost(v_unit, greatest(v_before - v_free, 0), greatest(v_before + v_units - v_within - v_free, 0)) * v_by;
        end if;
        v_by := v_by * (v_unit->>'size')::numeric;
    end loop;
    if v_cost = 0 and v_quota then
        return 0;
    end if;
    v_price := ledger_half_even(v_cost, v_by);
    return least(greatest(v_price, (p_rule->>'minimum')::bigint), (p_rule->>'maximum')::bigint);
end
$$;

create or replace function ledger_share(p_amount bigint, p_percent integer) returns bigint
language sql immutable parallel safe as $$
    select case when p_percent is null then p_amount else ledger_half_even(p_amount::numeric * p_percent, 100) end
$$;

create or replace function ledger_zone(p_customer uuid) returns text
language sql stable as $$
    select coalesce((select time_zone from accounts_customer where id = p_customer), 'UTC')
$$;

create or replace function ledger_endpoint_of(p_price integer) returns integer
language sql stable as $$
    select endpoint_id from ledger_price where id = p_price
$$;

-- a + b * p_by, unit by unit.
create or replace function ledger_sum_quantities(a jsonb, b jsonb, p_by integer default 1) returns jsonb
language sql immutable parallel safe as $$
    select coalesce(jsonb_object_agg(unit, trim_scale(coalesce((a->>unit)::numeric, 0) + coalesce((b->>unit)::numeric, 0) * p_by)::text), '{}')
    from (select jsonb_object_keys(coalesce(a, '{}')) union select jsonb_object_keys(coalesce(b, '{}'))) x(unit)
$$;

-- Counts quantities for the month in `so_far`.
create or replace function ledger_count_quantities(p_customer uuid, p_price integer, p_so_far jsonb, p_quantities jsonb, p_by integer default 1) returns void
language sql as $$
    insert into ledger_tally as t (customer_id, endpoint_id, month, quantities)
    values (p_customer, ledger_endpoint_of(p_price), (p_so_far->>'month')::date, ledger_sum_quantities(null, p_quantities, p_by))
    on conflict (customer_id, endpoint_id, month) do update
    set quantities = ledger_sum_quantities(t.quantities, p_quantities, p_by)
$$;

-- A reserve or debit with its amount, by what the month has had.
create or replace function ledger_priced(o ledger_operation, p_now timestamptz) returns ledger_operation
language plpgsql as $$
declare
    v_month date := date_trunc('month', coalesce(o.happened_at, p_now) at time zone ledger_zone(o.customer_id))::date;
    v_so_far jsonb;
begin
    select quantities into v_so_far from ledger_tally
    where customer_id = o.customer_id and endpoint_id = ledger_endpoint_of(o.price_id) and month = v_month;
    o.so_far := coalesce(v_so_far, '{}') || jsonb_build_object('month', v_month);
    o.amount := coalesce(o.amount, ledger_share(ledger_price_of(o.rule, o.quantities, o.so_far), o.percent));
    return o;
end
$$;

-- The units of a month: what a hold's `so_far` says beside them is left out.
create or replace function ledger_month_units(p_so_far jsonb) returns jsonb
language sql immutable parallel safe as $$
    select p_so_far - 'month' - 'parts' - 'counted'
$$;

-- What a commit asks for. Of a price that depends on the month, what the hold was made for is priced
-- by what the month had before it.
create or replace function ledger_asked(o ledger_operation, p_left bigint, h ledger_hold) returns bigint
language plpgsql stable as $$
declare
    v_tally jsonb;
begin
    if o.amount is not null or o.rule is null then
        return ledger_share(coalesce(o.amount, p_left), o.percent);
    end if;
    select quantities into v_tally from ledger_tally
    where customer_id = h.customer_id and endpoint_id = ledger_endpoint_of(h.price_id) and month = (h.so_far->>'month')::date;
    return ledger_share(ledger_price_of(o.rule, o.quantities, h.so_far, ledger_still_reserved(h), v_tally), o.percent);
end
$$;

-- What a hold has counted for its month and not used by parts yet; less than nothing where these went beyond it.
create or replace function ledger_still_reserved(h ledger_hold) returns jsonb
language sql immutable as $$
    select case when h.so_far ? 'counted' then '{}'
        else ledger_sum_quantities(h.quantities, h.so_far->'parts', -1) || '{"calls": "1"}' end
$$;

-- A part of a hold was committed: what follows is priced after it.
create or replace function ledger_count_part(h ledger_hold, o ledger_operation) returns jsonb
language sql immutable as $$
    select case when h.so_far is null or o.quantities is null then h.so_far
        else h.so_far || ledger_sum_quantities(ledger_month_units(h.so_far), o.quantities)
            || jsonb_build_object('parts', ledger_sum_quantities(h.so_far->'parts', o.quantities)) end
$$;

-- What a call that has ended counts for its month.
create or replace function ledger_units_of(p_quantities jsonb, p_used_quantities jsonb, p_so_far jsonb) returns jsonb
language sql immutable parallel safe as $$
    select coalesce(p_so_far->'counted', case
        when p_so_far ? 'parts' then ledger_sum_quantities(p_so_far->'parts', p_used_quantities)
        else coalesce(p_used_quantities, p_quantities, '{}') end || '{"calls": "1"}')
$$;

-- A hold has ended: the month has had what it used, which may be other than what it was made for. A
-- call that was not billed counts for nothing; one that its quota made free was. Its `so_far`, with what it counts.
create or replace function ledger_count_end(h ledger_hold, p_quantities jsonb, p_billed boolean) returns jsonb
language plpgsql as $$
declare
    v_reserved jsonb := coalesce(h.quantities, '{}') || '{"calls": "1"}';
    v_used jsonb := '{}';
begin
    if p_billed or h.so_far ? 'parts' then
        v_used := ledger_units_of(h.quantities, p_quantities, h.so_far);
    end if;
    if v_used <> v_reserved then
        perform ledger_count_quantities(h.customer_id, h.price_id, h.so_far, ledger_sum_quantities(v_used, v_reserved, -1));
    end if;
    return h.so_far || jsonb_build_object('counted', v_used);
end
$$;

-- A commit that came late: what it adds to what its month has had.
create or replace function ledger_count_late(c ledger_call, p_quantities jsonb) returns jsonb
language plpgsql as $$
declare
    v_counted jsonb := c.so_far->'counted';
    v_used jsonb := ledger_units_of(c.quantities, p_quantities, c.so_far - 'counted');
begin
    perform ledger_count_quantities(c.customer_id, c.price_id, c.so_far, ledger_sum_quantities(v_used, v_counted, -1));
    return c.so_far || jsonb_build_object('counted', v_used);
end
$$;

-- Of each month of a customer: what is counted, and what its calls and holds say. For verify_ledger.
create or replace function ledger_tallies_of(p_customer uuid) returns table (endpoint_id integer, month date, unit text, counted numeric, by_calls numeric)
language sql stable security definer set search_path from current as $$
    select endpoint_id, month, unit, coalesce(sum(counted), 0), coalesce(sum(by_calls), 0)
    from (
        select t.endpoint_id, t.month, q.key as unit, q.value::numeric as counted, null::numeric as by_calls
        from ledger_tally t, jsonb_each_text(t.quantities) q where t.customer_id = p_customer
        union all
        select ledger_endpoint_of(c.price_id), (c.so_far->>'month')::date, q.key, null, q.value::numeric
        from ledger_call c, jsonb_each_text(ledger_units_of(c.quantities, c.used_quantities, c.so_far)) q
        where c.customer_id = p_customer and c.so_far is not null and c.state <> 'reversed'
        union all
        select ledger_endpoint_of(h.price_id), (h.so_far->>'month')::date, q.key, null, q.value::numeric
        from ledger_hold h, jsonb_each_text(coalesce(h.quantities, '{}') || '{"calls": "1"}') q
        where h.customer_id = p_customer and h.so_far is not null
        union all
        select ledger_endpoint_of(d.price_id), d.tally, q.key, null, q.value::numeric
        from ledger_detached_sum d, jsonb_each_text(d.quantities) q where d.customer_id = p_customer and d.tally is not null
    ) x
    group by 1, 2, 3
$$;
