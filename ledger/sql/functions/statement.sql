-- What a balance was at any version or instant, and why. A wallet's posting times never go back, so an
-- instant is a version: the last one that was posted before it.

create or replace function ledger_version_at(p_customer uuid, p_at timestamptz) returns bigint
language plpgsql stable
set enable_seqscan = off
as $$
declare
    v_low bigint := 0;
    v_high bigint := coalesce((select version from ledger_wallet where customer_id = p_customer), 0) + 1;
    v_middle bigint;
    v_posted_at timestamptz;
begin
    while v_high - v_low > 1 loop
        v_middle := (v_low + v_high) / 2;
        select posted_at into v_posted_at from ledger_transfer
        where uuid_hash(customer_id) = uuid_hash(p_customer) and customer_id = p_customer and version = v_middle limit 1;
        if v_posted_at < p_at then
            v_low := v_middle;
        else
            v_high := v_middle;
        end if;
    end loop;
    return v_low;
end
$$;

-- What happened, by name. Of a grant, what was granted; of a move, in which direction.
create or replace function ledger_line_kind(p_customer uuid, p_lot uuid, p_kind text, p_credit text) returns text
language sql stable as $$
    select case p_kind
        when 'grant' then 'grant-' || (select kind from ledger_lot where customer_id = p_customer and id = p_lot)
        when 'move' then case p_credit when 'U20' then 'move-in' else 'move-out' end
        else p_kind
    end
$$;

-- What the balance gained between two versions, the first excluded, by lot and by what happened. A
-- transaction counts where its first transfer does.
create or replace function ledger_gained(p_customer uuid, p_above bigint, p_through bigint) returns table (kind text, lot_id uuid, gain bigint, lines bigint)
language sql stable
set enable_seqscan = off
as $$
    select case when t.kind in ('grant', 'move') then ledger_line_kind(p_customer, t.lot_id, t.kind, t.credit) else t.kind end, t.lot_id,
        sum(case t.credit when 'U20' then t.amount else -t.amount end)::bigint, count(*) filter (where t.id = t.transaction_id)
    from ledger_transfer t
    where uuid_hash(t.customer_id) = uuid_hash(p_customer) and t.customer_id = p_customer
        and t.version > p_above and t.version <= p_through and t.unit = 'CR' and 'U20' in (t.debit, t.credit)
    group by 1, 2
$$;

-- The mark that there would be at a version: the last one before it, and what came after that.
create or replace function ledger_mark_at(p_customer uuid, p_version bigint) returns ledger_balance_mark
language plpgsql stable
set enable_seqscan = off
as $$
declare
    m ledger_balance_mark;
    r ledger_balance_mark;
begin
    select * into m from ledger_balance_mark
    where customer_id = p_customer and version <= p_version order by version desc limit 1;
    if m.version = p_version then
        return m;
    end if;
    select posted_at, balance_after into r.posted_at, r.balance from ledger_transfer
    where uuid_hash(customer_id) = uuid_hash(p_customer) and customer_id = p_customer and version = p_version limit 1;
    r.customer_id := p_customer;
    r.version := p_version;
    r.balance := coalesce(r.balance, 0);
    with gained as materialized (
        select * from ledger_gained(p_customer, coalesce(m.version, 0), p_version)
    ), lot as (
        select lot_id, sum(gain)::bigint as remaining from (
            select lot_id, gain from gained union all select * from unnest(m.lots, m.remaining)
        ) x group by 1 having sum(gain) <> 0
    ), happened as (
        select kind, sum(gain)::bigint as gain, sum(lines)::bigint as lines from (
            select kind, gain, lines from gained union all select * from unnest(m.kinds, m.gains, m.lines)
        ) x group by 1
    )
    select l.*, h.* into r.lots, r.remaining, r.kinds, r.gains, r.lines from (
        select coalesce(array_agg(lot_id order by lot_id), '{}'), coalesce(array_agg(remaining order by lot_id), '{}') from lot
    ) l, (
        select coalesce(array_agg(kind order by kind), '{}'), coalesce(array_agg(gain order by kind), '{}'),
            coalesce(array_agg(lines order by kind), '{}') from happened
    ) h;
    return r;
end
$$;

-- Writes the next marks of a wallet, `p_step` versions apart; how many that were. Twice is once.
create or replace function ledger_write_marks(p_customer uuid, p_step bigint, p_at_most integer) returns integer
language plpgsql security definer set search_path from current as $$
declare
    v_through bigint := (select version from ledger_wallet where customer_id = p_customer);
    v_next bigint := p_step + coalesce((select max(version) from ledger_balance_mark where customer_id = p_customer), 0);
    v_written integer := 0;
begin
    if p_step < 1 then
        raise exception 'A step is of one version at least.';
    end if;
    while v_next <= v_through and v_written < p_at_most loop
        insert into ledger_balance_mark select (ledger_mark_at(p_customer, v_next)).* on conflict do nothing;
        v_next := v_next + p_step;
        v_written := v_written + 1;
    end loop;
    return v_written;
end
$$;

-- The lowest id of so long before another.
create or replace function ledger_id_before(p_id uuid, p_by interval) returns uuid
language sql immutable strict parallel safe as $$
    select (lpad(to_hex(('x' || left(replace(p_id::text, '-', ''), 12))::bit(48)::bigint - (extract(epoch from p_by) * 1000)::bigint), 12, '0')
        || repeat('0', 20))::uuid
$$;

-- How much of what expired with a transfer was held at an instant, by holds that ended with it.
create or replace function ledger_still_held(t ledger_transfer, p_at timestamptz) returns bigint
language sql stable
set enable_seqscan = off
as $$
    select coalesce(sum(x.split - x.used), 0)::bigint
    from ledger_event e
        cross join lateral (
            (select lots, split, used, expires_at from ledger_call s where s.customer_id = t.customer_id and s.id = e.subject::uuid limit 1)
            union all
            select lots, split, used, expires_at from ledger_detached_hold d where d.customer_id = t.customer_id and d.id = e.subject::uuid
        ) c
        cross join lateral unnest(c.lots, c.split, c.used) x(lot, split, used)
    where e.customer_id = t.customer_id and e.kind = 'hold.expired' and e.created_at = t.posted_at
        and e.id < t.id and e.id >= ledger_id_before(t.id, interval '1 minute') and c.expires_at > p_at and x.lot = t.lot_id
$$;

-- Lots that had ended by an instant, and were entered as expired after the version of that instant: the
-- balance of then was without them. What open holds still had of them counts until these have ended.
create or replace function ledger_gone_by(p_customer uuid, p_version bigint, p_at timestamptz) returns table (version bigint, kind text, lot_id uuid, amount bigint)
language plpgsql stable
set enable_seqscan = off
as $$
declare
    t ledger_transfer;
    v_last bigint := (select w.version from ledger_wallet w where w.customer_id = p_customer);
    v_after bigint := p_version;
begin
    while v_after < v_last loop
        for t in
            select * from ledger_transfer x
            where uuid_hash(x.customer_id) = uuid_hash(p_customer) and x.customer_id = p_customer
                and x.version > v_after and x.version <= v_after + 100 and x.unit = 'CR' and 'U20' in (x.debit, x.credit)
            order by x.version, x.id
        loop
            -- Whoever does anything lets expire what is due first: so nothing else is in between.
            if t.kind not in ('expire', 'escheat') or t.effective_at is null then
                return;
            elsif t.effective_at <= p_at then
                version := t.version;
                kind := t.kind;
                lot_id := t.lot_id;
                amount := t.amount - ledger_still_held(t, p_at);
                if amount > 0 then
                    return next;
                end if;
            end if;
        end loop;
        v_after := v_after + 100;
    end loop;
end
$$;
