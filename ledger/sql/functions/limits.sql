-- Limits: rates, open holds, the largest hold, and caps on what is spent in a day, a month or ever; of
-- a customer, of its keys and of endpoints. All are decided under the wallet's lock.
--
-- A meter has what a debit compares with, so that a call within its limits reads no limit. Only what
-- passes the meter's mark, or comes after the end of a window, looks at ledger_limit.

create or replace function ledger_subject_of(p_endpoint integer) returns uuid
language sql immutable strict parallel safe as $$
    select ('00000000-0000-8000-8000-' || lpad(to_hex(p_endpoint), 12, '0'))::uuid
$$;

-- The instant at which clocks of a time zone show a time: the first, where they show it twice.
create or replace function ledger_local(p_at timestamp, p_zone text) returns timestamptz
language sql stable as $$
    select coalesce(min(at) filter (where at at time zone p_zone = p_at), p_at at time zone p_zone)
    from (select p_at at time zone p_zone - make_interval(mins => earlier) as at from (values (0), (30), (60), (120)) x(earlier)) y
$$;

-- The day or month that an instant is in, by the clocks of a time zone: midnight to midnight.
create or replace function ledger_window(p_period text, p_zone text, p_now timestamptz, out starts_at timestamptz, out ends_at timestamptz)
language sql stable as $$
    select case when p_period = 'lifetime' then '-infinity' else ledger_local(date_trunc(p_period, p_now at time zone p_zone), p_zone) end,
        case when p_period = 'lifetime' then 'infinity'
            else ledger_local(date_trunc(p_period, p_now at time zone p_zone) + ('1 ' || p_period)::interval, p_zone) end
$$;

-- Whether there is room for one more call of this amount, and nothing to tell.
create or replace function ledger_admits(m ledger_meter, p_amount bigint, p_now timestamptz) returns boolean
language sql stable parallel safe as $$
    select coalesce(m.until > p_now, true) and coalesce(m.charged + p_amount <= m.mark, true) and coalesce(p_amount <= m.largest, true)
        and coalesce(m.holds < m.holds_max, true)
        and coalesce(m.full_at <= p_now + make_interval(secs => ((m.burst - 1) * m.every)::double precision / 1000000), true)
$$;

-- The meter after a call.
create or replace function ledger_charged(m ledger_meter, p_amount bigint, p_is_hold boolean, p_now timestamptz) returns ledger_meter
language sql stable parallel safe as $$
    select row(m.charged + p_amount, m.mark, m.since, m.until, m.largest, case when p_is_hold then m.holds + 1 else m.holds end, m.holds_max,
        m.every, m.burst, case when m.every is not null then greatest(m.full_at, p_now) + make_interval(secs => m.every::double precision / 1000000) end
    )::ledger_meter
$$;

-- And after something came back of this window's.
create or replace function ledger_given_back(m ledger_meter, p_amount bigint, p_ended boolean) returns ledger_meter
language sql immutable parallel safe as $$
    select row(m.charged - p_amount, m.mark, m.since, m.until, m.largest, case when p_ended and m.holds > 0 then m.holds - 1 else m.holds end, m.holds_max,
        m.every, m.burst, m.full_at)::ledger_meter
$$;

-- How a rate stands, for the caller to be told.
create or replace function ledger_rate_left(p_scope text, m ledger_meter, p_now timestamptz) returns jsonb
language sql immutable as $$
    select jsonb_build_object('scope', p_scope, 'burst', m.burst, 'every', m.every,
        'left', greatest(floor(m.burst - greatest(extract(epoch from m.full_at - p_now), 0) * 1000000 / m.every), 0),
        'full_in', ceil(greatest(extract(epoch from m.full_at - p_now), 0)))
$$;

-- The states of rates, with one more.
create or replace function ledger_rates(p_rates jsonb, p_scope text, m ledger_meter, p_now timestamptz) returns jsonb
language sql immutable as $$
    select case when m.every is null then p_rates else coalesce(p_rates, '[]') || jsonb_build_array(ledger_rate_left(p_scope, m, p_now)) end
$$;

-- The parts of a call, as caps count them: what it was made for at that time; what a commit took beyond
-- it, or after its expiry, when that was. What was reversed is off the last of them.
create or replace function ledger_counted(
    p_customer uuid, p_id uuid, p_amount bigint, p_total bigint, p_reversed bigint, p_made_at timestamptz, p_expires_at timestamptz
) returns table (nth bigint, at timestamptz, amount bigint)
language sql stable as $$
    with took as (
        select t.version, min(t.posted_at) as at, sum(t.amount)::bigint as amount from ledger_transfer t
        where t.customer_id = p_customer and t.reservation_id = p_id and t.kind = 'commit' and t.unit = 'CR'
            and t.id >= ledger_id_floor(ledger_earliest_id(p_customer, p_made_at))
        group by t.version
    ), beyond as (
        select version, at, case when at >= p_expires_at and p_expires_at > p_made_at then amount
            else greatest(upto - greatest(p_amount, upto - amount), 0) end as amount
        from (select t.*, sum(amount) over (order by version)::bigint as upto from took t) x
    ), part as (
        select version, at, amount from beyond where amount > 0
        union all select -1, p_made_at, p_total - (select coalesce(sum(amount), 0)::bigint from beyond)
    )
    select row_number() over (order by version), at,
        amount - greatest(least(p_reversed - (sum(amount) over (order by version desc) - amount), amount), 0)::bigint
    from part
$$;

-- A row of then has an id of a day before at the earliest. Clocks that were moved moved no ids of callers.
create or replace function ledger_earliest_id(p_customer uuid, p_since timestamptz) returns timestamptz
language sql stable as $$
    select case when isfinite(p_since)
        then greatest(p_since - c.shift - coalesce(w.clock_shift, '0') - interval '1 day', 'epoch') else 'epoch' end
    from ledger_clock c left join ledger_wallet w on w.customer_id = p_customer
$$;

create or replace function ledger_is_of(p_scope text, p_subject uuid, p_key uuid, p_price integer) returns boolean
language sql stable as $$
    select p_scope = 'customer' or p_scope = 'key' and p_key = p_subject
        or p_scope = 'endpoint' and ledger_subject_of(ledger_endpoint_of(p_price)) = p_subject
$$;

-- What was spent or is held since an instant.
create or replace function ledger_spent_since(p_customer uuid, p_scope text, p_subject uuid, p_since timestamptz) returns bigint
language sql stable as $$
    select coalesce((
            select sum(c.committed - c.reversed) from ledger_call c
            where c.customer_id = p_customer and c.created_at >= p_since and c.id >= ledger_id_floor(e.at)
                and ledger_is_of(p_scope, p_subject, c.api_key_id, c.price_id)
        ), 0)::bigint + coalesce((
            select sum(h.committed + ledger_left(h)) from ledger_hold h
            where h.customer_id = p_customer and h.created_at >= p_since
                and ledger_is_of(p_scope, p_subject, h.api_key_id, h.price_id)
        ), 0)::bigint + coalesce((
            -- Of calls that were made before, what was taken since.
            select sum(x.amount) from (
                select distinct t.reservation_id as id from ledger_transfer t
                where t.customer_id = p_customer and t.kind = 'commit' and t.posted_at >= p_since and t.id >= ledger_id_floor(e.at)
                    and t.reservation_id < ledger_id_floor(case when isfinite(p_since) then p_since + interval '1 hour' else 'epoch' end)
            ) t
            cross join lateral (
                select c.id, c.amount, c.committed, c.reversed, c.created_at, c.expires_at, c.api_key_id, c.price_id
                from ledger_call c where c.customer_id = p_customer and c.id = t.id
                union all
                select h.id, h.amount, h.committed + ledger_left(h), 0, h.created_at, h.expires_at, h.api_key_id, h.price_id
                from ledger_hold h where h.customer_id = p_customer and h.id = t.id
            ) c
            cross join lateral ledger_counted(p_customer, c.id, c.amount, c.committed, c.reversed, c.created_at, c.expires_at) x
            where c.created_at < p_since and x.at >= p_since and ledger_is_of(p_scope, p_subject, c.api_key_id, c.price_id)
        ), 0)::bigint + coalesce((
            -- Calls that are kept in files are older than any window but that of all time.
            select sum(d.committed - d.reversed) from ledger_detached_sum d
            where d.customer_id = p_customer and not isfinite(p_since) and ledger_is_of(p_scope, p_subject, d.api_key_id, d.price_id)
        ), 0)::bigint
    from ledger_earliest_id(p_customer, p_since) e(at)
$$;

-- The same of each key and each of several instants, in their order, from one look at history. A key
-- that has holds is among them in any case.
create or replace function ledger_spent_by_keys(p_customer uuid, p_since timestamptz[]) returns table (subject uuid, nth integer, spent bigint)
language sql stable as $$
    with earliest as materialized (select ledger_id_floor(ledger_earliest_id(p_customer, p_since[1])) as id
    ), part as (
        select c.api_key_id as subject, width_bucket(c.created_at, p_since) as upto, sum(c.committed - c.reversed) as amount
        from ledger_call c
        where c.customer_id = p_customer and c.created_at >= p_since[1] and c.id >= (select id from earliest) and c.api_key_id is not null
        group by 1, 2
        union all
        select h.api_key_id, width_bucket(h.created_at, p_since), sum(h.committed + ledger_left(h))
        from ledger_hold h where h.customer_id = p_customer and h.api_key_id is not null group by 1, 2
        union all
        select d.api_key_id, 1, sum(d.committed - d.reversed) from ledger_detached_sum d
        where d.customer_id = p_customer and not isfinite(p_since[1]) and d.api_key_id is not null group by 1
    ), taken as (
        -- Of calls that were made before, what was taken since.
        select c.api_key_id as subject, s.nth::integer as nth, sum(x.amount) as amount
        from unnest(p_since) with ordinality s(at, nth)
        cross join lateral (
            select distinct t.reservation_id as id from ledger_transfer t
            where t.customer_id = p_customer and t.kind = 'commit' and t.posted_at >= s.at
                and t.id >= ledger_id_floor(ledger_earliest_id(p_customer, s.at)) and t.reservation_id < ledger_id_floor(s.at + interval '1 hour')
        ) t
        cross join lateral (
            select c.id, c.amount, c.committed, c.reversed, c.created_at, c.expires_at, c.api_key_id
            from ledger_call c where c.customer_id = p_customer and c.id = t.id
            union all
            select h.id, h.amount, h.committed + ledger_left(h), 0, h.created_at, h.expires_at, h.api_key_id
            from ledger_hold h where h.customer_id = p_customer and h.id = t.id
        ) c
        cross join lateral ledger_counted(p_customer, c.id, c.amount, c.committed, c.reversed, c.created_at, c.expires_at) x
        where isfinite(s.at) and c.created_at < s.at and x.at >= s.at and c.api_key_id is not null
        group by 1, 2
    )
    select x.subject, x.nth, sum(x.amount)::bigint
    from (
        select p.subject, s.nth, case when p.upto >= s.nth then p.amount else 0 end as amount
        from part p, generate_subscripts(p_since, 1) s(nth)
        union all select * from taken
    ) x group by 1, 2
$$;

-- What each key spent in the windows of the caps for every key, by period. Null: there is no such cap.
create or replace function ledger_spent_for_every_key(p_customer uuid, p_limits ledger_limit[], p_now timestamptz) returns jsonb
language sql stable as $$
    with period as (
        select l.period, v.starts_at, row_number() over (order by v.starts_at) as nth
        from (select distinct period from unnest(p_limits) where scope = 'key' and subject is null and kind = 'spend') l,
            ledger_window(l.period, ledger_zone(p_customer), p_now) v
    ), spent as materialized (
        select s.* from (select array_agg(starts_at order by nth) as since from period) p, ledger_spent_by_keys(p_customer, p.since) s
        where p.since is not null
    )
    select jsonb_object_agg(p.period, coalesce((select jsonb_object_agg(s.subject, s.spent) from spent s where s.nth = p.nth), '{}')) from period p
$$;

create or replace function ledger_count_holds(p_customer uuid, p_scope text, p_subject uuid) returns integer
language sql stable as $$
    select count(*)::integer from ledger_hold h
    where h.customer_id = p_customer and ledger_is_of(p_scope, p_subject, h.api_key_id, h.price_id)
$$;

-- The meter by its limits. Null: there are none.
create or replace function ledger_set_meter(p_customer uuid, p_scope text, p_subject uuid, m ledger_meter) returns ledger_meter
language plpgsql as $$
declare
    l record;
begin
    select count(*) as limits, min(hard) filter (where kind = 'largest') as largest, min(hard) filter (where kind = 'holds') as holds_max,
        max(every) as every, min(burst) as burst,
        min(base + least(hard, case when not warned then soft - 1 end)) filter (where kind = 'spend') as mark,
        max(starts_at) filter (where isfinite(starts_at)) as since, min(ends_at) filter (where isfinite(ends_at)) as until
    into l from ledger_limit_in_force where customer_id = p_customer and scope = p_scope and subject = p_subject;
    if l.limits = 0 then
        return null;
    end if;
    m.charged := coalesce(m.charged, 0);
    m.mark := l.mark;
    m.since := l.since;
    m.until := l.until;
    m.largest := l.largest;
    if l.holds_max is null then
        m.holds := null;
    elsif m.holds is null then
        m.holds := ledger_count_holds(p_customer, p_scope, p_subject);
    end if;
    m.holds_max := l.holds_max;
    if l.every is distinct from m.every or l.burst is distinct from m.burst then
        m.full_at := null;
    end if;
    m.every := l.every;
    m.burst := l.burst;
    return m;
end
$$;

-- Windows that have ended begin anew: where the time zone was changed, not before the last one's end.
create or replace function ledger_turn_windows(p_customer uuid, p_scope text, p_subject uuid, m ledger_meter, p_now timestamptz) returns ledger_meter
language plpgsql as $$
begin
    if m.until > p_now is not false then
        return m;
    end if;
    update ledger_limit l set base = m.charged, starts_at = greatest(x.starts_at, l.ends_at), ends_at = x.ends_at, warned = false, told = false
    from (
        select l.id, x.* from ledger_limit l, ledger_window(l.period, ledger_zone(p_customer), p_now) x
        where l.customer_id = p_customer and l.scope = p_scope and l.subject = p_subject and l.ends_at <= p_now
    ) x
    where l.customer_id = p_customer and l.id = x.id;
    return ledger_set_meter(p_customer, p_scope, p_subject, m);
end
$$;

create or replace function ledger_tell_cap(l ledger_limit, p_kind text, p_used bigint, p_now timestamptz) returns void
language sql as $$
    select ledger_tell(l.customer_id, p_kind, l.id::text, jsonb_build_object('source', l.source, 'scope', l.scope,
        'subject', case when l.scope <> 'customer' then l.subject end, 'period', l.period, 'limit', case p_kind when 'spend_cap.warned' then l.soft else l.hard end,
        'hard', l.hard, 'used', p_used, 'resets_at', case when isfinite(l.ends_at) then l.ends_at end), p_now)
$$;

-- The cap that an amount would pass, null if none.
create or replace function ledger_passed_cap(p_customer uuid, p_scope text, p_subject uuid, m ledger_meter, p_amount bigint, p_now timestamptz) returns jsonb
language plpgsql as $$
declare
    l ledger_limit;
begin
    select x.* into l from ledger_limit_in_force x
    where x.customer_id = p_customer and x.scope = p_scope and x.subject = p_subject and x.kind = 'spend' and m.charged + p_amount > x.base + x.hard
    order by x.ends_at desc, x.hard limit 1;
    if not found then
        return null;
    end if;
    if not l.told then
        update ledger_limit set told = true where customer_id = l.customer_id and id = l.id;
        perform ledger_tell_cap(l, 'spend_cap.reached', m.charged - l.base, p_now);
    end if;
    return jsonb_build_object('cap', l.period, 'limit', l.hard, 'used', m.charged - l.base, 'resets_at', case when isfinite(l.ends_at) then l.ends_at end);
end
$$;

-- Whose limit refuses, and in how many seconds it will not any more.
create or replace function ledger_refusing(p_scope text, p_subject uuid, p_why jsonb, p_now timestamptz) returns jsonb
language sql stable as $$
    select jsonb_build_object('scope', p_scope, 'subject', case when p_scope <> 'customer' then p_subject end,
        'resets_in', ceil(extract(epoch from (p_why->>'resets_at')::timestamptz - p_now)))
$$;

-- Why a meter has no room for a call, null if it has.
create or replace function ledger_refused_by(
    o ledger_operation, p_scope text, p_subject uuid, m ledger_meter, p_amount bigint, p_now timestamptz
) returns jsonb
language plpgsql as $$
declare
    v_why jsonb;
begin
    if ledger_admits(m, p_amount, p_now) then
        return null;
    elsif p_amount > m.largest then
        v_why := jsonb_build_object('cap', 'hold', 'limit', m.largest, 'used', null, 'resets_at', null);
    elsif m.full_at > p_now + make_interval(secs => ((m.burst - 1) * m.every)::double precision / 1000000) then
        v_why := jsonb_build_object('limit', 'rate', 'burst', m.burst, 'every', m.every,
            'resets_at', m.full_at - make_interval(secs => ((m.burst - 1) * m.every)::double precision / 1000000));
    elsif o.op = 'reserve' and m.holds >= m.holds_max then
        v_why := jsonb_build_object('limit', 'holds', 'quota', m.holds_max, 'used', m.holds, 'resets_at', (
            select min(h.expires_at) from ledger_hold h where uuid_hash(h.customer_id) = uuid_hash(o.customer_id) and h.customer_id = o.customer_id
                and ledger_is_of(p_scope, p_subject, h.api_key_id, h.price_id)));
    else
        v_why := ledger_passed_cap(o.customer_id, p_scope, p_subject, m, p_amount, p_now);
    end if;
    return v_why || ledger_refusing(p_scope, p_subject, v_why, p_now);
end
$$;

-- The meter of a call that is admitted; soft caps that it passes are told of.
create or replace function ledger_charge_meter(
    o ledger_operation, p_scope text, p_subject uuid, m ledger_meter, p_amount bigint, p_now timestamptz
) returns ledger_meter
language plpgsql as $$
declare
    l ledger_limit;
begin
    if o.op in ('reserve', 'debit') and o.happened_at is null then
        m := ledger_charged(m, p_amount, o.op = 'reserve', p_now);
    else
        m.charged := m.charged + p_amount;
    end if;
    if m.charged <= m.mark is not false then
        return m;
    end if;
    for l in
        update ledger_limit x set warned = true
        where x.customer_id = o.customer_id and x.scope = p_scope and x.subject = p_subject and not x.warned and x.soft <= m.charged - x.base
            and exists (select from ledger_limit_in_force f where f.customer_id = x.customer_id and f.id = x.id)
        returning x.*
    loop
        perform ledger_tell_cap(l, 'spend_cap.warned', m.charged - l.base, p_now);
    end loop;
    return ledger_set_meter(o.customer_id, p_scope, p_subject, m);
end
$$;

create or replace function ledger_has_no_meter_yet(p_customer uuid, p_key uuid) returns boolean
language sql stable as $$
    select p_key is not null and not exists (select from ledger_subject where customer_id = p_customer and subject = p_key)
        and exists (select from ledger_limit where customer_id = p_customer and scope = 'key' and coalesce(subject, p_key) = p_key)
$$;

-- A key's own copies of the limits for every key, but where it has such a limit itself. What is not in
-- `p_spent` it has not spent: who had, got its copies when the limits were set.
create or replace function ledger_copy_limits(p_customer uuid, p_key uuid, p_charged bigint, p_spent jsonb, p_now timestamptz) returns void
language sql as $$
    insert into ledger_limit (customer_id, id, source, scope, subject, kind, period, hard, soft, every, burst, from_every_key, base, starts_at, ends_at)
    select l.customer_id, ledger_new_id(), l.source, 'key', p_key, l.kind, l.period, l.hard, l.soft, l.every, l.burst, true,
        case when l.kind = 'spend' then p_charged - coalesce((p_spent->l.period->>p_key::text)::bigint, 0) else 0 end,
        case when l.kind = 'spend' then x.starts_at end, case when l.kind = 'spend' then x.ends_at end
    from ledger_limit l, ledger_window(coalesce(l.period, 'day'), ledger_zone(p_customer), p_now) x
    where l.customer_id = p_customer and l.scope = 'key' and l.subject is null
    on conflict do nothing
$$;

-- A key's first call makes its meter, from nothing: history is not read.
create or replace function ledger_open_subject(p_customer uuid, p_key uuid, p_now timestamptz) returns void
language plpgsql as $$
declare
    m ledger_meter;
begin
    perform ledger_copy_limits(p_customer, p_key, 0, null, p_now);
    m := ledger_set_meter(p_customer, 'key', p_key, null);
    if m.charged is not null then
        insert into ledger_subject values (p_customer, p_key, 'key', m);
    end if;
end
$$;

create or replace function ledger_open_key(w ledger_wallet, p_key uuid, p_now timestamptz) returns void
language plpgsql as $$
begin
    if w.metered and ledger_has_no_meter_yet(w.customer_id, p_key) then
        perform ledger_open_subject(w.customer_id, p_key, p_now);
    end if;
end
$$;

-- The metered key and endpoint of a call.
create or replace function ledger_subjects(p_customer uuid, p_key uuid, p_price integer) returns setof ledger_subject
language sql stable rows 2 as $$
    select * from ledger_subject where customer_id = p_customer and subject in (p_key, ledger_subject_of(ledger_endpoint_of(p_price))) order by scope desc
$$;

-- The short way for a lone call: counts it where its key and its endpoint have room, and says whether they had.
create or replace function ledger_charge_subjects(p_customer uuid, p_key uuid, p_price integer, p_amount bigint, p_now timestamptz) returns boolean
language plpgsql as $$
declare
    s ledger_subject;
    v_endpoint uuid := ledger_subject_of(ledger_endpoint_of(p_price));
    v_key_found boolean := p_key is null;
begin
    for s in select * from ledger_subject where customer_id = p_customer and subject in (p_key, v_endpoint) loop
        v_key_found := v_key_found or s.scope = 'key';
        -- Rates are told of in the answer: the long way does that.
        if (s.meter).every is not null or not ledger_admits(s.meter, p_amount, p_now) then
            return false;
        end if;
    end loop;
    if not v_key_found and ledger_has_no_meter_yet(p_customer, p_key) then
        return false;
    end if;
    update ledger_subject set meter = ledger_charged(meter, p_amount, true, p_now) where customer_id = p_customer and subject in (p_key, v_endpoint);
    return true;
end
$$;

-- And takes off what came back.
create or replace function ledger_give_back_subjects(p_customer uuid, p_key uuid, p_price integer, p_made_at timestamptz, p_amount bigint) returns void
language plpgsql as $$
declare
    s ledger_subject;
begin
    for s in select * from ledger_subjects(p_customer, p_key, p_price) loop
        if p_amount > 0 or (s.meter).holds is not null then
            s.meter := ledger_meter_back(p_customer, s.scope, s.subject, s.meter, p_made_at, p_amount, true);
            update ledger_subject set meter = s.meter where customer_id = p_customer and subject = s.subject;
        end if;
    end loop;
end
$$;

-- A reserve or debit with its price, and whether its limits have room for it: with why not, in `r`.
create or replace function ledger_admit(inout w ledger_wallet, inout o ledger_operation, p_now timestamptz, out r ledger_result)
language plpgsql as $$
declare
    s ledger_subject;
    v_why jsonb;
begin
    if o.rule is not null then
        o := ledger_priced(o, p_now);
    end if;
    if o.amount is null or o.happened_at is not null then
        return;
    end if;
    if (w.meter).charged is not null then
        w.meter := ledger_turn_windows(w.customer_id, 'customer', w.customer_id, w.meter, p_now);
        v_why := ledger_refused_by(o, 'customer', w.customer_id, w.meter, o.amount, p_now);
    end if;
    if v_why is null and w.metered then
        for s in select * from ledger_subjects(w.customer_id, o.api_key_id, o.price_id) loop
            if (s.meter).until <= p_now then
                s.meter := ledger_turn_windows(w.customer_id, s.scope, s.subject, s.meter, p_now);
                update ledger_subject set meter = s.meter where customer_id = w.customer_id and subject = s.subject;
            end if;
            v_why := ledger_refused_by(o, s.scope, s.subject, s.meter, o.amount, p_now);
            exit when v_why is not null;
        end loop;
    end if;
    if v_why is not null then
        r := ledger_refusal(w, case when v_why ? 'cap' then 'spend-cap-reached' else 'rate-limited' end, o.amount);
        r.limits := v_why;
    end if;
end
$$;

-- What is beyond a hold counts for caps. Why it may not be taken; null: it may.
create or replace function ledger_refuse_extra(inout w ledger_wallet, h ledger_hold, p_amount bigint, p_now timestamptz, out why jsonb)
language plpgsql as $$
declare
    s ledger_subject;
begin
    if (w.meter).charged is not null then
        w.meter := ledger_turn_windows(w.customer_id, 'customer', w.customer_id, w.meter, p_now);
        why := ledger_passed_cap(w.customer_id, 'customer', w.customer_id, w.meter, p_amount, p_now);
        why := why || ledger_refusing('customer', null, why, p_now);
    end if;
    if w.metered and why is null then
        for s in select * from ledger_subjects(w.customer_id, h.api_key_id, h.price_id) loop
            s.meter := ledger_turn_windows(w.customer_id, s.scope, s.subject, s.meter, p_now);
            update ledger_subject set meter = s.meter where customer_id = w.customer_id and subject = s.subject;
            why := ledger_passed_cap(w.customer_id, s.scope, s.subject, s.meter, p_amount, p_now);
            why := why || ledger_refusing(s.scope, s.subject, why, p_now);
            exit when why is not null;
        end loop;
    end if;
end
$$;

-- Counts a call that was granted, or what a commit took beyond its hold. `rates`: how those stand.
create or replace function ledger_charge(
    inout w ledger_wallet, o ledger_operation, p_key uuid, p_price integer, p_amount bigint, p_now timestamptz, out rates jsonb
)
language plpgsql as $$
declare
    s ledger_subject;
begin
    if (w.meter).charged is not null then
        w.meter := ledger_turn_windows(w.customer_id, 'customer', w.customer_id, w.meter, p_now);
        w.meter := ledger_charge_meter(o, 'customer', w.customer_id, w.meter, p_amount, p_now);
        if (w.meter).every is not null then
            rates := jsonb_build_array(ledger_rate_left('customer', w.meter, p_now));
        end if;
    end if;
    if w.metered then
        for s in select * from ledger_subjects(w.customer_id, p_key, p_price) loop
            s.meter := ledger_turn_windows(w.customer_id, s.scope, s.subject, s.meter, p_now);
            s.meter := ledger_charge_meter(o, s.scope, s.subject, s.meter, p_amount, p_now);
            update ledger_subject set meter = s.meter where customer_id = w.customer_id and subject = s.subject;
            if (s.meter).every is not null then
                rates := coalesce(rates, '[]') || jsonb_build_array(ledger_rate_left(s.scope, s.meter, p_now));
            end if;
        end loop;
    end if;
end
$$;

-- What came back of a window that is over does not make room in the ones that have begun since.
create or replace function ledger_meter_back(
    p_customer uuid, p_scope text, p_subject uuid, m ledger_meter, p_made_at timestamptz, p_amount bigint, p_ended boolean
) returns ledger_meter
language plpgsql as $$
begin
    m := ledger_given_back(m, p_amount, p_ended);
    if p_amount > 0 and p_made_at < m.since then
        update ledger_limit set base = base - p_amount
        where customer_id = p_customer and scope = p_scope and subject = p_subject and kind = 'spend' and starts_at > p_made_at;
        return ledger_set_meter(p_customer, p_scope, p_subject, m);
    end if;
    return m;
end
$$;

-- Takes off what came back of a call that was made then; `p_ended`: its hold is no more.
create or replace function ledger_came_back(
    inout w ledger_wallet, p_key uuid, p_price integer, p_made_at timestamptz, p_amount bigint, p_ended boolean
)
language plpgsql as $$
declare
    s ledger_subject;
begin
    if (w.meter).charged is not null and (p_amount > 0 or p_ended and (w.meter).holds is not null) then
        w.meter := ledger_meter_back(w.customer_id, 'customer', w.customer_id, w.meter, p_made_at, p_amount, p_ended);
    end if;
    if w.metered then
        for s in select * from ledger_subjects(w.customer_id, p_key, p_price) loop
            if p_amount > 0 or p_ended and (s.meter).holds is not null then
                s.meter := ledger_meter_back(w.customer_id, s.scope, s.subject, s.meter, p_made_at, p_amount, p_ended);
                update ledger_subject set meter = s.meter where customer_id = w.customer_id and subject = s.subject;
            end if;
        end loop;
    end if;
end
$$;

-- The same of a reversal: each part of the call in its own windows, the last first.
create or replace function ledger_reversal_came_back(inout w ledger_wallet, c ledger_call, p_amount bigint)
language plpgsql as $$
declare
    x record;
begin
    if c.committed <= c.amount and (c.ended_at < c.expires_at or c.expires_at = c.created_at) then
        w := ledger_came_back(w, c.api_key_id, c.price_id, c.created_at, p_amount, false);
        return;
    end if;
    for x in
        select a.at, a.amount - b.amount as amount
        from ledger_counted(c.customer_id, c.id, c.amount, c.committed, c.reversed, c.created_at, c.expires_at) a
            join ledger_counted(c.customer_id, c.id, c.amount, c.committed, c.reversed + p_amount, c.created_at, c.expires_at) b using (nth)
        where a.amount > b.amount
    loop
        w := ledger_came_back(w, c.api_key_id, c.price_id, x.at, x.amount, false);
    end loop;
end
$$;

-- What a meter has counted so far.
create or replace function ledger_charged_of(w ledger_wallet, p_scope text, p_subject uuid) returns bigint
language sql stable as $$
    select coalesce(case when p_scope = 'customer' then (w.meter).charged
        else (select (s.meter).charged from ledger_subject s where s.customer_id = w.customer_id and s.subject = p_subject) end, 0)
$$;

-- Limits as they were given. What is the same keeps its count; a new cap begins with what its window has had.
create or replace function ledger_limits_given(w ledger_wallet, o ledger_operation, p_now timestamptz) returns setof ledger_limit
language plpgsql as $$
declare
    l ledger_limit;
    s record;
begin
    for s in
        select x.scope, case x.scope when 'customer' then w.customer_id when 'key' then x.subject::uuid else ledger_subject_of(x.subject::integer) end as subject,
            x.kind, x.period, x.hard, x.soft, x.every, x.burst
        from jsonb_to_recordset(o.detail->'limits') x(scope text, subject text, kind text, period text, hard bigint, soft bigint, every bigint, burst integer)
    loop
        select * into l from ledger_limit where customer_id = w.customer_id and source = o.detail->>'source' and scope = s.scope
            and subject is not distinct from s.subject and kind = s.kind and period is not distinct from s.period;
        if l.id is null then
            l.id := ledger_new_id();
            l.base := 0;
            l.starts_at := null;
            l.ends_at := null;
            if s.kind = 'spend' and s.subject is not null then
                select x.starts_at, x.ends_at into l.starts_at, l.ends_at from ledger_window(s.period, ledger_zone(w.customer_id), p_now) x;
                l.base := ledger_charged_of(w, s.scope, s.subject) - ledger_spent_since(w.customer_id, s.scope, s.subject, l.starts_at);
            end if;
        end if;
        l.warned := coalesce(l.warned and l.soft is not distinct from s.soft, false);
        l.told := coalesce(l.told and l.hard is not distinct from s.hard, false);
        l.customer_id := w.customer_id; l.source := o.detail->>'source'; l.scope := s.scope; l.subject := s.subject; l.kind := s.kind; l.period := s.period;
        l.hard := s.hard; l.soft := s.soft; l.every := s.every; l.burst := s.burst; l.from_every_key := false;
        return next l;
    end loop;
end
$$;

-- What is spent of a cap already, where that is more than it; of one for every key, by the key that spent most.
create or replace function ledger_below_spent(w ledger_wallet, l ledger_limit, p_spent jsonb) returns jsonb
language plpgsql as $$
declare
    v_subject uuid := l.subject;
    v_spent bigint;
begin
    if l.kind <> 'spend' or l.hard is null then
        return null;
    elsif l.subject is null then
        select k.key, k.value into v_subject, v_spent from jsonb_each_text(p_spent->l.period) k order by k.value::bigint desc limit 1;
    else
        v_spent := ledger_charged_of(w, l.scope, l.subject) - l.base;
    end if;
    return case when v_spent > l.hard then jsonb_build_object('scope', l.scope, 'subject', case when l.scope <> 'customer' then v_subject end,
        'cap', l.period, 'limit', l.hard, 'used', v_spent) end;
end
$$;

-- The keys' copies follow the limits for every key.
create or replace function ledger_follow_every_key(p_customer uuid) returns void
language sql as $$
    delete from ledger_limit x where x.customer_id = p_customer and x.from_every_key and not exists (
        select from ledger_limit l where l.customer_id = p_customer and l.scope = 'key' and l.subject is null and l.source = x.source
            and l.kind = x.kind and l.period is not distinct from x.period);
    update ledger_limit x
    set hard = l.hard, soft = l.soft, every = l.every, burst = l.burst,
        warned = x.warned and l.soft is not distinct from x.soft, told = x.told and l.hard is not distinct from x.hard
    from ledger_limit l
    where x.customer_id = p_customer and x.from_every_key and l.customer_id = p_customer and l.scope = 'key' and l.subject is null
        and l.source = x.source and l.kind = x.kind and l.period is not distinct from x.period
$$;

-- The limits of one source, in place of those that it gave before. Refused, and nothing changed, where
-- a cap would be below what is spent already.
create or replace function ledger_set_limits(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    v_limits ledger_limit[];
    v_spent jsonb;
    v_below jsonb;
    s record;
    m ledger_meter;
    r ledger_result;
begin
    w := ledger_load_head(w, p_now);
    if (w.meter).charged is not null then
        w.meter := ledger_turn_windows(w.customer_id, 'customer', w.customer_id, w.meter, p_now);
    end if;
    for s in select * from ledger_subject where customer_id = w.customer_id loop
        m := ledger_turn_windows(w.customer_id, s.scope, s.subject, s.meter, p_now);
        update ledger_subject set meter = m where customer_id = w.customer_id and subject = s.subject;
    end loop;
    select array_agg(x) into v_limits from ledger_limits_given(w, o, p_now) x;
    v_spent := ledger_spent_for_every_key(w.customer_id, v_limits, p_now);
    select b into v_below from unnest(v_limits) x, ledger_below_spent(w, x, v_spent) b where b is not null limit 1;
    if v_below is not null then
        r := ledger_refusal(w, 'cap-below-spent');
        r.limits := v_below;
        return (w, r);
    end if;

    delete from ledger_limit l where l.customer_id = w.customer_id
        and (l.source = o.detail->>'source' and not l.from_every_key or l.id in (select (x).id from unnest(v_limits) x));
    insert into ledger_limit select * from unnest(v_limits);
    perform ledger_follow_every_key(w.customer_id);
    w.meter := ledger_set_meter(w.customer_id, 'customer', w.customer_id, w.meter);
    for s in
        select subject, scope from ledger_subject where customer_id = w.customer_id
        union select subject, scope from ledger_limit where customer_id = w.customer_id and scope <> 'customer' and subject is not null
        union select k::uuid, 'key' from jsonb_each(v_spent) p, jsonb_object_keys(p.value) k
    loop
        m := (select x.meter from ledger_subject x where x.customer_id = w.customer_id and x.subject = s.subject);
        if s.scope = 'key' then
            perform ledger_copy_limits(w.customer_id, s.subject, coalesce(m.charged, 0), v_spent, p_now);
        end if;
        m := ledger_set_meter(w.customer_id, s.scope, s.subject, m);
        delete from ledger_subject where customer_id = w.customer_id and subject = s.subject;
        if m.charged is not null then
            insert into ledger_subject values (w.customer_id, s.subject, s.scope, m);
        end if;
    end loop;
    w.metered := exists (select from ledger_limit where customer_id = w.customer_id and scope <> 'customer');
    return (w, ledger_refusal(w, 'ok'));
end
$$;

-- Whether a commit that comes after its hold's expiry takes what is available.
create or replace function ledger_set_late_commit(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
begin
    w := ledger_load_head(w, p_now);
    w.late_commit := (o.detail->>'charge')::boolean;
    return (w, ledger_refusal(w, 'ok'));
end
$$;

-- The clock of a test wallet goes on by so many seconds.
create or replace function ledger_move_clock(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
begin
    w := ledger_load_head(w, p_now);
    if (o.detail->>'seconds')::bigint <= 0 or not exists (select from accounts_customer where id = w.customer_id and sandbox_of_id is not null) then
        return (w, ledger_refusal(w, 'clock-not-moved'));
    end if;
    w.clock_shift := coalesce(w.clock_shift, '0') + make_interval(secs => (o.detail->>'seconds')::bigint);
    w := ledger_settle_due(w, p_now + make_interval(secs => (o.detail->>'seconds')::bigint));
    return (w, ledger_refusal(w, 'ok'));
end
$$;

-- The limits in force, what is used of each, and the window that it counts for: in micro-credits, or open holds.
create or replace function ledger_limits_of(p_customer uuid) returns table (
    source text, scope text, subject uuid, kind text, period text, hard bigint, soft bigint, every bigint, burst integer,
    used bigint, starts_at timestamptz, resets_at timestamptz
)
language sql stable security definer set search_path from current as $$
    select l.source, l.scope, l.subject, l.kind, l.period, l.hard, l.soft, l.every, l.burst,
        case
            when l.kind = 'holds' then coalesce((m.meter).holds, ledger_count_holds(p_customer, l.scope, l.subject))
            when l.kind = 'spend' and l.subject is not null then case
                when l.ends_at <= c.now then 0
                else coalesce((m.meter).charged, 0) - l.base end
        end,
        case when isfinite(v.starts_at) then case when l.ends_at > c.now then l.starts_at else v.starts_at end end,
        case when isfinite(v.ends_at) then case when l.ends_at > c.now then l.ends_at else v.ends_at end end
    from ledger_wallet w
        cross join lateral (select ledger_now() + coalesce(w.clock_shift, '0') as now) c
        join ledger_limit_in_force l on l.customer_id = w.customer_id and not l.from_every_key
        cross join lateral ledger_window(coalesce(l.period, 'lifetime'), ledger_zone(p_customer), c.now) v
        left join lateral (
            select w.meter where l.scope = 'customer'
            union all
            select s.meter from ledger_subject s where s.customer_id = l.customer_id and s.subject = l.subject
        ) m on true
    where w.customer_id = p_customer
    order by array_position(array['customer', 'endpoint', 'key'], l.scope), l.subject nulls first, l.kind,
        array_position(array['day', 'month', 'lifetime'], l.period), l.source
$$;

-- What each cap has counted, and what its calls and holds say. For verify_ledger.
create or replace function ledger_caps_of(p_customer uuid) returns table (
    id uuid, scope text, subject uuid, period text, used bigint, by_calls bigint
)
language sql stable security definer set search_path from current as $$
    select l.id, l.scope, l.subject, l.period, ledger_charged_of(w, l.scope, l.subject) - l.base,
        ledger_spent_since(p_customer, l.scope, l.subject, l.starts_at)
    from ledger_wallet w join ledger_limit l using (customer_id)
    where w.customer_id = p_customer and l.kind = 'spend' and l.subject is not null
$$;

-- What is not as the limits in force say of a meter. For verify_ledger.
create or replace function ledger_meters_of(p_customer uuid) returns table (
    scope text, subject uuid, holds integer, by_holds integer, mark bigint, mark_by_limits bigint
)
language plpgsql security definer set search_path from current as $$
declare
    s record;
    m ledger_meter;
begin
    for s in
        select 'customer' as scope, customer_id as subject, meter from ledger_wallet where customer_id = p_customer
        union all select x.scope, x.subject, x.meter from ledger_subject x where x.customer_id = p_customer
    loop
        m := ledger_set_meter(p_customer, s.scope, s.subject, s.meter);
        scope := s.scope;
        subject := s.subject;
        holds := (s.meter).holds;
        by_holds := case when m.holds_max is not null then ledger_count_holds(p_customer, s.scope, s.subject) end;
        mark := (s.meter).mark;
        mark_by_limits := m.mark;
        return next;
    end loop;
end
$$;
