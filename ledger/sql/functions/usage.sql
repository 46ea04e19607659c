-- Usage, summed: calls whose id is below the customer's mark are in sums by day, all others are read.
-- A caller may date an id 24 hours back (keys.py), so that the mark stays 25 hours behind.

create or replace function ledger_usage_lag() returns interval
language sql immutable parallel safe as $$
    select interval '25 hours'
$$;

-- When a UUIDv7 says that it was made.
do $do$
begin
    if current_setting('server_version_num')::int >= 170000 then
        create or replace function ledger_id_time(p_id uuid) returns timestamptz
        language sql immutable parallel safe as 'select uuid_extract_timestamp(p_id)';
    else
        create or replace function ledger_id_time(p_id uuid) returns timestamptz
        language sql immutable parallel safe as $$
            select to_timestamp(('x' || left(encode(uuid_send(p_id), 'hex'), 12))::bit(48)::bigint / 1000.0)
        $$;
    end if;
end
$do$;

create or replace function ledger_lowest_id() returns uuid
language sql immutable parallel safe as $$
    select '00000000-0000-0000-0000-000000000000'::uuid
$$;

-- What a call counts as: `committed` if it is one that is billed, were it for nothing.
create or replace function ledger_usage_state(p_state text, p_committed bigint) returns text
language sql immutable parallel safe as $$
    select case when p_committed > 0 or p_state in ('committed', 'reversed') then 'committed' else p_state end
$$;

-- A moment at which no operation of a customer is under way: who has locked the wallet before has
-- committed, and whoever comes after reads a later clock. To be called as a statement of its own,
-- for the lock is kept until its transaction ends.
create or replace function ledger_quiet_moment(p_customer uuid) returns timestamptz
language plpgsql security definer set search_path from current as $$
begin
    perform from ledger_wallet where customer_id = p_customer for no key update;
    return least(clock_timestamp(), ledger_now());
end
$$;

-- Brings the mark up to an id, or as far as so many more calls are added; how many those were. Below
-- it no call may come any more, and an open hold stops it. It never locks the wallet.
create or replace function ledger_sum_calls_below(p_customer uuid, p_below uuid, p_at_most integer) returns integer
language plpgsql set plan_cache_mode = force_custom_plan set enable_sort = off set jit = off as $$
declare
    v_from uuid;
    v_added integer;
    v_last_at timestamptz;
    v_most interval;
    v_least interval;
begin
    insert into ledger_usage_until (customer_id, below) values (p_customer, ledger_lowest_id()) on conflict do nothing;
    -- From here on who corrects a call waits; who has done so is seen by the statements below.
    select below into v_from from ledger_usage_until where customer_id = p_customer for no key update;
    p_below := least(p_below, (select id from ledger_hold where customer_id = p_customer and lease is null order by id limit 1));
    p_below := least(p_below, (
        select id from ledger_call where customer_id = p_customer and id >= v_from and id < p_below order by id offset p_at_most limit 1));
    if p_below <= v_from then
        return 0;
    end if;
    with added as (
        select (created_at at time zone 'UTC')::date as day, price_id, api_key_id, outcome, ledger_usage_state(state, committed) as state,
            count(*) as rows, sum(coalesce(calls, 1)) as calls, sum(committed - reversed) as amount, max(created_at) as last_at,
            max(created_at - ledger_id_time(id)) as most, min(created_at - ledger_id_time(id)) as least
        from ledger_call where customer_id = p_customer and id >= v_from and id < p_below and coalesce(calls, 1) > 0
        group by 1, 2, 3, 4, 5
    ), written as (
        insert into ledger_usage_day as d
        select p_customer, day, price_id, api_key_id, outcome, state, calls, amount from added
        on conflict on constraint ledger_usage_day_group do update
        set calls = d.calls + excluded.calls, amount = d.amount + excluded.amount
    )
    select coalesce(sum(rows), 0), max(last_at), max(most), min(least) into v_added, v_last_at, v_most, v_least from added;
    update ledger_usage_until
    set below = p_below, last_at = greatest(last_at, v_last_at), behind = greatest(behind, make_interval(secs => extract(epoch from v_most)::float8)), ahead = greatest(ahead, make_interval(secs => extract(epoch from -v_least)::float8))
    where customer_id = p_customer;
    return v_added;
end
$$;

-- The same up to 25 hours before a quiet moment. Nothing is added while the clock is moved.
create or replace function ledger_sum_calls(p_customer uuid, p_moment timestamptz, p_at_most integer) returns integer
language plpgsql security definer set search_path from current as $$
begin
    if exists (
        select from ledger_clock c join ledger_wallet w on w.customer_id = p_customer where c.shift = '0' and w.clock_shift is null
    ) then
        return ledger_sum_calls_below(p_customer, ledger_id_floor(least(p_moment, clock_timestamp()) - ledger_usage_lag()), p_at_most);
    end if;
    return 0;
end
$$;

-- Customers with at least so many calls that could be added. Each is asked by its own keys.
create or replace function ledger_customers_to_sum(p_at_least integer) returns setof uuid
language sql stable security definer set search_path from current as $$
    select w.customer_id
    from ledger_wallet w
        join ledger_clock k on k.shift = '0'
        left join ledger_usage_until u on u.customer_id = w.customer_id
        cross join lateral (
            select least(ledger_id_floor(clock_timestamp() - ledger_usage_lag()),
                (select h.id from ledger_hold h where h.customer_id = w.customer_id and h.lease is null order by h.id limit 1)) as below
        ) l
    where w.clock_shift is null and exists (
        select from ledger_call c
        where c.customer_id = w.customer_id and c.id >= coalesce(u.below, ledger_lowest_id()) and c.id < l.below
        order by c.id offset p_at_least - 1 limit 1)
$$;

-- Takes a call that has changed after its end out of the sums as it was, and in again as it is. Who
-- calls this has the wallet's lock, and waits here for one step of the sums at most.
create or replace function ledger_correct_usage(p_before ledger_call, p_after ledger_call) returns void
language plpgsql as $$
declare
    v_below uuid;
begin
    -- The row has to be there to be locked: the first step may be under way.
    insert into ledger_usage_until (customer_id, below) values (p_after.customer_id, ledger_lowest_id()) on conflict do nothing;
    -- Compared when it is locked: a condition would pass over the row as it was before the step.
    select below into v_below from ledger_usage_until where customer_id = p_after.customer_id for no key update;
    if p_after.id >= v_below then
        return;
    end if;
    insert into ledger_usage_day as d
    select p_after.customer_id, (p_after.created_at at time zone 'UTC')::date, p_after.price_id, p_after.api_key_id, outcome, state,
        sum(calls), sum(amount)
    from (values
        (p_before.outcome, ledger_usage_state(p_before.state, p_before.committed), -coalesce(p_before.calls, 1), p_before.reversed - p_before.committed),
        (p_after.outcome, ledger_usage_state(p_after.state, p_after.committed), coalesce(p_after.calls, 1), p_after.committed - p_after.reversed)
    ) x(outcome, state, calls, amount)
    group by outcome, state
    on conflict on constraint ledger_usage_day_group do update
    set calls = d.calls + excluded.calls, amount = d.amount + excluded.amount;
end
$$;

-- The sums of a customer are made anew by the next steps: for the owner, who has moved the clock back.
create or replace function ledger_forget_usage(p_customer uuid) returns void
language sql as $$
    delete from ledger_usage_until where customer_id = p_customer;
    delete from ledger_usage_day where customer_id = p_customer;
$$;

-- An id for when a time begins or ends. Before 1970 there are none.
create or replace function ledger_id_about(p_at timestamptz) returns uuid
language sql immutable parallel safe as $$
    select ledger_id_floor(greatest(least(p_at, '9999-01-01 00:00Z'), '1970-01-01 00:00Z'))
$$;

-- The ids that calls made in a time may have. Of those below the mark it is known how far theirs are
-- behind and ahead; of the others the callers' rule says it.
create or replace function ledger_ids_made(u ledger_usage_until, p_from timestamptz, p_to timestamptz, out low uuid, out above uuid)
language plpgsql immutable as $$
declare
    -- An id has milliseconds.
    v_low uuid := ledger_id_about(p_from - u.behind - interval '1 millisecond');
    v_above uuid := ledger_id_about(p_to + u.ahead + interval '1 millisecond');
begin
    low := ledger_id_about(p_from - ledger_usage_lag());
    above := ledger_id_about(p_to + interval '1 hour');
    if u.below is not null then
        low := least(v_low, greatest(low, u.below));
        above := case when above > u.below then greatest(above, least(v_above, u.below)) else least(v_above, u.below) end;
    end if;
end
$$;

-- What of a time is read from where. The ids say when a call was made only while no clock is moved.
create or replace function ledger_usage_parts_of(p_customer uuid, p_from timestamptz, p_to timestamptz) returns ledger_usage_parts
language plpgsql stable as $$
declare
    p ledger_usage_parts;
    u ledger_usage_until;
    v_plain boolean;
begin
    select c.shift = '0' and w.clock_shift is null into v_plain
    from ledger_clock c left join ledger_wallet w on w.customer_id = p_customer;
    select * into u from ledger_usage_until where customer_id = p_customer and below > ledger_lowest_id();
    p.head_from := p_from;
    p.whole_from := date_trunc('day', p_from, 'UTC');
    if p.whole_from < p_from then
        p.whole_from := p.whole_from + interval '24 hours';
    end if;
    -- A day that is not over may be taken from the sums where nothing in them is later.
    p.cut := case when p_to > u.last_at then p_to else date_trunc('day', p_to, 'UTC') end;
    p.tail_to := p_to;
    if (v_plain and u.below is not null and p.whole_from < p.cut) is not true then
        p.whole_from := p_to;
        p.cut := p_to;
    end if;
    p.first_day := (p.whole_from at time zone 'UTC')::date;
    p.day_after := case when p.whole_from < p.cut then ((p.cut at time zone 'UTC') + interval '24 hours' - interval '1 microsecond')::date end;
    if not v_plain then
        p.head_low := ledger_lowest_id();
        p.head_above := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
        return p;
    end if;
    -- Where there is nothing to be read no ids are looked through.
    if p.head_from < p.whole_from then
        select low, above into p.head_low, p.head_above from ledger_ids_made(u, p.head_from, p.whole_from);
    end if;
    if p.whole_from < p.cut then
        select greatest(low, u.below), above into p.live_low, p.live_above from ledger_ids_made(u, p.whole_from, p.cut);
    end if;
    if p.cut < p.tail_to then
        select low, above into p.tail_low, p.tail_above from ledger_ids_made(u, p.cut, p.tail_to);
    end if;
    return p;
end
$$;

create or replace function ledger_calls_made(p_customer uuid, p_from timestamptz, p_to timestamptz, p_low uuid, p_above uuid)
returns table (day date, price_id integer, api_key_id uuid, outcome text, state text, calls bigint, amount bigint, made_at timestamptz)
language sql stable as $$
    select (r.created_at at time zone 'UTC')::date, r.price_id, r.api_key_id, r.outcome, ledger_usage_state(r.state, r.committed),
        r.calls, r.committed - r.reversed, r.created_at
    from ledger_reservation r
    where r.customer_id = p_customer and r.id >= p_low and r.id < p_above and r.created_at >= p_from and r.created_at < p_to
$$;

-- The calls that are read one by one.
create or replace function ledger_calls_beside_sums(p_customer uuid, p ledger_usage_parts)
returns table (day date, price_id integer, api_key_id uuid, outcome text, state text, calls bigint, amount bigint, made_at timestamptz)
language sql stable as $$
    select * from ledger_calls_made(p_customer, (p).head_from, (p).whole_from, (p).head_low, (p).head_above)
    union all
    select * from ledger_calls_made(p_customer, (p).whole_from, (p).cut, (p).live_low, (p).live_above)
    union all
    select * from ledger_calls_made(p_customer, (p).cut, (p).tail_to, (p).tail_low, (p).tail_above)
$$;

-- A customer's calls of a time, summed by some of day, price_id, api_key_id, outcome and state: those that
-- were committed, and all where it is by state. STABLE: all of it is of one snapshot.
create or replace function ledger_usage(p_customer uuid, p_from timestamptz, p_to timestamptz, p_by text[])
returns table (day date, price_id integer, api_key_id uuid, outcome text, state text, calls bigint, amount bigint)
language plpgsql stable security definer
set search_path from current
set plan_cache_mode = force_custom_plan
set enable_sort = off
set jit = off
as $$
#variable_conflict use_column
declare
    p ledger_usage_parts := ledger_usage_parts_of(p_customer, p_from, p_to);
begin
    return query
        select case when 'day' = any(p_by) then u.day end, case when 'price_id' = any(p_by) then u.price_id end,
            case when 'api_key_id' = any(p_by) then u.api_key_id end, case when 'outcome' = any(p_by) then u.outcome end,
            case when 'state' = any(p_by) then u.state end, sum(u.calls)::bigint, sum(u.amount)::bigint
        from (
            select s.day, s.price_id, s.api_key_id, s.outcome, s.state, s.calls, s.amount
            from ledger_usage_day s where s.customer_id = p_customer and s.day >= p.first_day and s.day < p.day_after
            union all
            select c.day, c.price_id, c.api_key_id, c.outcome, c.state, c.calls, c.amount
            from ledger_calls_beside_sums(p_customer, p) c
        ) u
        where u.state = 'committed' or 'state' = any(p_by)
        group by 1, 2, 3, 4, 5 having sum(u.calls) > 0;
end
$$;

-- What a customer's calls of a time cost, and when the first of them that cost something was made.
create or replace function ledger_use(p_customer uuid, p_from timestamptz, p_to timestamptz, out amount bigint, out first_at timestamptz)
language plpgsql stable security definer
set search_path from current
set plan_cache_mode = force_custom_plan
set enable_sort = off
set jit = off
as $$
declare
    p ledger_usage_parts := ledger_usage_parts_of(p_customer, p_from, p_to);
    v_amount bigint;
    v_day date;
    v_begins timestamptz;
    v_ends timestamptz;
    u ledger_usage_until;
    v_low uuid;
    v_above uuid;
begin
    select sum(c.amount), min(c.made_at) filter (where c.amount > 0) into amount, first_at
    from ledger_calls_beside_sums(p_customer, p) c;
    select sum(s.amount), min(s.day) filter (where s.amount > 0) into v_amount, v_day
    from ledger_usage_day s where s.customer_id = p_customer and s.day >= p.first_day and s.day < p.day_after;
    amount := coalesce(amount, 0) + coalesce(v_amount, 0);
    v_begins := v_day::timestamp at time zone 'UTC';
    if v_begins < first_at or first_at is null and v_day is not null then
        v_ends := v_begins + interval '24 hours';
        select * into u from ledger_usage_until where customer_id = p_customer;
        select low, above into v_low, v_above from ledger_ids_made(u, v_begins, v_ends);
        select min(c.made_at) into first_at from ledger_calls_made(p_customer, v_begins, v_ends, v_low, v_above) c where c.amount > 0;
    end if;
end
$$;
