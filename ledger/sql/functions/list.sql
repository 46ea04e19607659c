-- A list of operations, in order. The common case (one lot, the head, pays for all of it) is decided
-- in memory and written in bulk at the end. Everything else goes to the general functions, which
-- work on the tables; what was decided before is written first, so that they see it.
--
-- Rows are looked up from lists by LATERAL ... LIMIT 1: it can only be planned as one index look-up
-- for each, however wrong the statistics are (a new partition has none).

create or replace function ledger_general(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    v_refused text := case when o.detail ? 'posted_on' then ledger_posting_refused(o.detail, p_now) end;
begin
    if v_refused is not null then
        return (w, ledger_refusal(w, v_refused));
    elsif o.op in ('adjust', 'restore', 'reinstate', 'attach', 'freeze', 'unfreeze') and coalesce(o.amount, 0) <= 0
        or o.op in ('reserve', 'debit', 'lease', 'limit') and coalesce(o.amount, -1) < 0
    then
        return (w, ledger_refusal(w, 'malformed-amount'));
    end if;
    w := ledger_unload_head(w);
    return case o.op
        when 'reserve' then ledger_reserve(w, o, p_now)
        when 'commit' then ledger_commit(w, o, p_now)
        when 'release' then ledger_release(w, o, p_now)
        when 'debit' then ledger_debit(w, o, p_now)
        when 'extend' then ledger_extend(w, o, p_now)
        when 'reverse' then ledger_reverse(w, o, p_now)
        when 'lease' then ledger_lease(w, o, p_now)
        when 'settle' then ledger_settle_lease(w, o, p_now)
        when 'grant' then ledger_grant(w, o, p_now)
        when 'adjust' then ledger_adjust(w, o, p_now)
        when 'restore' then ledger_restore(w, o, p_now)
        when 'reinstate' then ledger_reinstate(w, o, p_now)
        when 'attach' then ledger_attach(w, o, p_now)
        when 'redate' then ledger_redate(w, o, p_now)
        when 'classify' then ledger_classify(w, o, p_now)
        when 'post' then ledger_post(w, o, p_now)
        when 'freeze' then ledger_freeze(w, o, p_now)
        when 'unfreeze' then ledger_unfreeze(w, o, p_now)
        when 'limit' then ledger_limit(w, o, p_now)
        when 'limits' then ledger_set_limits(w, o, p_now)
        when 'late_commit' then ledger_set_late_commit(w, o, p_now)
        when 'clock' then ledger_move_clock(w, o, p_now)
        when 'watch' then ledger_watch(w, o, p_now)
        when 'notice' then ledger_notice(w, o, p_now)
        when 'refresh' then (ledger_load_head(w, p_now), ledger_refusal(w, 'ok'))::ledger_step
        when 'dismiss' then (ledger_load_head(w, p_now), ledger_refusal(w, 'ok'))::ledger_step
        else (ledger_load_head(w, p_now), ledger_refusal(w, 'unknown-operation'))::ledger_step
    end;
end
$$;

create or replace function ledger_apply_list(p_ops ledger_operation[], p_wait boolean) returns setof ledger_result
language plpgsql
set enable_hashjoin = off
set enable_mergejoin = off
set enable_bitmapscan = off
set enable_memoize = off
as $$
declare
    v_customers uuid[];         -- with a wallet that we have locked, in order
    v_wallets ledger_wallet[];  -- theirs
    v_places tid[];             -- and where they are: nobody moves a row that we have locked
    v_at integer := 0;          -- the current one
    v_shift interval;           -- of the ledger's clock: ledger_new_id() would read it for every id
    v_clock timestamptz;
    v_now timestamptz;          -- the same, but for a wallet whose clock was moved
    v_limited boolean;
    v_looked boolean;           -- at limits, beyond what the wallet's own meter compares
    a record;
    v_ending boolean := false;  -- a call has ended in the head lot
    v_metered boolean;          -- one of the wallets
    v_entangled boolean;
    v_settling boolean;         -- one of the operations may end a hold
    v_repeating boolean;        -- the key of one may have been used before
    v_replays integer[];        -- operations whose key was
    v_holds_of ledger_hold[];   -- what each commit or release settles
    v_held_at tid[];            -- and where it is
    v_place tid;
    v_trusted boolean;          -- whether that is still so
    v_changed uuid[] := '{}';   -- customers of whom it may not be
    o ledger_operation;
    w ledger_wallet;
    h ledger_hold;
    c ledger_call;
    k ledger_key;
    r ledger_result;
    v_step ledger_step;
    v_used bigint;
    v_free bigint;
    v_available bigint;
    v_transaction uuid;
    v_id uuid;                  -- of a debit's call and transfer alike
    v_lots uuid[];
    v_split bigint[];
    v_holds ledger_hold[] := '{}';
    v_ended tid[] := '{}';
    v_calls ledger_call[] := '{}';
    v_transfers ledger_transfer[] := '{}';
    v_keys ledger_key[] := '{}';
    v_subjects ledger_subject[];    -- metered keys and endpoints
    v_key_at integer[];             -- which of these is an operation's key
    v_endpoint_at integer[];        -- and its endpoint
    v_key integer;
    v_endpoint integer;
begin
    if p_wait then
        select array_agg((l.w).customer_id), array_agg(l.w), array_agg(l.place), bool_or((l.w).metered)
        into v_customers, v_wallets, v_places, v_metered from (
            select s as w, s.ctid as place from ledger_wallet s where s.customer_id = any(array(select distinct customer_id from unnest(p_ops)))
            order by s.customer_id for no key update
        ) l;
    else
        select array_agg((l.w).customer_id), array_agg(l.w), array_agg(l.place), bool_or((l.w).metered)
        into v_customers, v_wallets, v_places, v_metered from (
            select s as w, s.ctid as place from ledger_wallet s where s.customer_id = any(array(select distinct customer_id from unnest(p_ops)))
            order by s.customer_id for no key update skip locked
        ) l;
    end if;
    -- Operations that may speak of each other (a key twice, a hold made in this list) are taken strictly one by one.
    select shift, clock_timestamp() + shift, entangled, settling, repeating
    into v_shift, v_clock, v_entangled, v_settling, v_repeating
    from ledger_clock, (
        select count(x.key) > count(distinct x.key) or count(x.reservation_id) > count(distinct x.reservation_id)
                or count(x.reservation_id) > 0
                    and exists (select reservation_id from unnest(p_ops) intersect select key from unnest(p_ops) where key is not null)
                as entangled,
            bool_or(x.op in ('commit', 'release')) as settling,
            bool_or(not coalesce(x.key_is_id, false) or x.key <= v_wallets[width_bucket(x.customer_id, v_customers)].last_key) as repeating
        from unnest(p_ops) x
    ) x;
    v_now := v_clock;

    if v_repeating then
        select array_agg(x.ordinality) into v_replays
        from unnest(p_ops) with ordinality x
            left join lateral (select s.key from ledger_key s where s.customer_id = x.customer_id and s.key = x.key limit 1) s1 on true
            left join lateral (select s.id from ledger_hold s where s.customer_id = x.customer_id and s.id = x.key limit 1) s2 on ledger_is_uuid7(x.key)
            left join lateral (select s.id from ledger_call s where s.customer_id = x.customer_id and s.id = x.key limit 1) s3 on ledger_is_uuid7(x.key)
            left join lateral (select s.id from ledger_transfer s where s.customer_id = x.customer_id and s.id = x.key limit 1) s4 on ledger_is_uuid7(x.key)
        where (s1.key is not null or s2.id is not null or s3.id is not null or s4.id is not null
                or not coalesce(x.key_is_id, false) and ledger_is_uuid7(x.key) and ledger_is_detached(x.key))
            and (not coalesce(x.key_is_id, false) or x.key <= v_wallets[width_bucket(x.customer_id, v_customers)].last_key);
    end if;
    if v_settling then
        select array_agg(h1.s order by x.ordinality), array_agg(h1.place order by x.ordinality) into v_holds_of, v_held_at
        from unnest(p_ops) with ordinality x
            left join lateral (select s, s.ctid as place from ledger_hold s where s.customer_id = x.customer_id and s.id = x.reservation_id limit 1) h1
            on x.op in ('commit', 'release');
    end if;
    if v_metered and not v_entangled then
        a := ledger_find_subjects(p_ops);
        v_subjects := a.subjects;
        v_key_at := a.keys;
        v_endpoint_at := a.endpoints;
    end if;

    for i in 1 .. cardinality(p_ops) loop
        o := p_ops[i];
        if o.customer_id is distinct from w.customer_id then
            if v_at > 0 then
                v_wallets[v_at] := w;
            end if;
            w := null;
            v_at := case when v_customers is null then 0 else width_bucket(o.customer_id, v_customers) end;
            if v_at > 0 and v_customers[v_at] = o.customer_id then
                w := v_wallets[v_at];
                v_now := case when w.clock_shift is null then v_clock else v_clock + w.clock_shift end;
                v_limited := w.metered or (w.meter).charged is not null;
                v_trusted := not v_entangled and o.customer_id <> all(v_changed);
            else
                v_at := 0;
                r := null;
                r.ord := i;
                r.code := case when p_wait then 'no-wallet' else 'busy' end;
                r.customer_id := o.customer_id;
                return next r;
                continue;
            end if;
        end if;

        if v_entangled then
            perform ledger_write(v_holds, v_ended, v_calls, v_transfers, v_keys, v_subjects);
            v_holds := '{}'; v_ended := '{}'; v_calls := '{}'; v_transfers := '{}'; v_keys := '{}';
        end if;
        if o.key is not null and (v_entangled or i = any(v_replays)) then
            r := ledger_replay(o);
            if r.code is not null then
                r.ord := i;
                return next r;
                continue;
            end if;
        end if;
        if w.due_at <= v_now then
            perform ledger_write(v_holds, v_ended, v_calls, v_transfers, v_keys, v_subjects);
            v_holds := '{}'; v_ended := '{}'; v_calls := '{}'; v_transfers := '{}'; v_keys := '{}';
            w := ledger_settle_due(w, v_now);
            v_trusted := false;
            v_changed := v_changed || o.customer_id;
            if w.metered then
                v_subjects := ledger_without(v_subjects, o.customer_id);
            end if;
        end if;

        v_free := least(w.head_free, w.balance - w.held - w.frozen + w.credit_limit);
        h := null;
        if o.op in ('commit', 'release') and coalesce(o.final, true) then
            if v_trusted then
                h := v_holds_of[i];
                v_place := v_held_at[i];
            else
                select * into h from ledger_hold where customer_id = o.customer_id and id = o.reservation_id;
                select ctid into v_place from ledger_hold where customer_id = o.customer_id and id = o.reservation_id;
            end if;
        end if;
        r := null;
        v_key := null;
        v_endpoint := null;
        if v_subjects is not null and v_trusted then
            v_key := v_key_at[i];
            v_endpoint := v_endpoint_at[i];
        end if;
        v_looked := false;
        if (v_limited or o.rule is not null) and o.op in ('reserve', 'debit') then
            v_looked := o.rule is not null or o.happened_at is not null or not ledger_admits(w.meter, o.amount, v_now)
                or w.metered and (not v_trusted
                    or v_key is null and ledger_has_no_meter_yet(w.customer_id, o.api_key_id)
                    or v_key is not null and not ledger_admits((v_subjects[v_key]).meter, o.amount, v_now)
                    or v_endpoint is not null and not ledger_admits((v_subjects[v_endpoint]).meter, o.amount, v_now));
        end if;
        if v_looked then
            if w.metered then
                perform ledger_write(v_holds, v_ended, v_calls, v_transfers, v_keys, v_subjects);
                v_holds := '{}'; v_ended := '{}'; v_calls := '{}'; v_transfers := '{}'; v_keys := '{}';
                v_trusted := false;
                v_changed := v_changed || o.customer_id;
                v_subjects := ledger_without(v_subjects, o.customer_id);
                perform ledger_open_key(w, o.api_key_id, v_now);
            end if;
            a := ledger_admit(w, o, v_now);
            w := a.w;
            o := a.o;
            r := a.r;
        end if;
        if r.code is not null then
            -- A limit refuses it.
        elsif o.op = 'reserve' and o.amount between 0 and v_free then
            w.held := w.held + o.amount;
            w.head_free := w.head_free - o.amount;
            w.head_held := w.head_held + o.amount;
            if o.amount > 0 then
                v_lots := array[w.head_id];
                v_split := array[o.amount];
            else
                v_lots := '{}';
                v_split := '{}';
            end if;
            h := ledger_new_hold(w, o, case when o.key_is_id then o.key else ledger_uuid7(v_shift) end, v_lots, v_split, v_now);
            v_holds := v_holds || h;
            w.due_at := least(w.due_at, h.expires_at);
            r := ledger_held_result(h);

        elsif o.op = 'debit' and o.amount between 0 and v_free then
            v_used := o.amount;
            v_lots := '{}';
            v_split := '{}';
            v_transaction := null;
            v_id := case when o.key_is_id then o.key else ledger_uuid7(v_shift) end;
            if v_used > 0 then
                w.balance := w.balance - v_used;
                w.head_free := w.head_free - v_used;
                w.version := w.version + 1;
                v_lots := array[w.head_id];
                v_split := array[v_used];
                v_transaction := v_id;
            end if;
            h := ledger_new_hold(w, o, v_id, v_lots, v_split, v_now);
            h.available_after := null;
            h.held_after := null;
            h.frozen_after := null;
            c := ledger_new_call(w, h, o, 'committed', h.split, o.amount, 0, v_transaction, v_now);
            v_ending := true;

        elsif h.id is not null and h.used is null and coalesce(o.amount, 0) <= h.amount
            and ledger_names_price(o.price_id, h.price_id) and o.rule is null and o.percent is null and h.so_far is null
            and (h.amount = 0 or cardinality(h.lots) = 1 and h.lots[1] = w.head_id)
        then
            v_used := case when o.op = 'release' then 0 else coalesce(o.amount, h.amount) end;
            w.held := w.held - h.amount;
            w.head_held := w.head_held - h.amount;
            w.head_free := w.head_free + h.amount - v_used;
            w.balance := w.balance - v_used;
            if not v_limited then
                -- Nothing counts it.
            elsif w.metered and (not v_trusted or h.created_at < ((v_subjects[v_key]).meter).since or h.created_at < ((v_subjects[v_endpoint]).meter).since)
                or h.created_at < (w.meter).since
            then
                if w.metered then
                    perform ledger_write(v_holds, v_ended, v_calls, v_transfers, v_keys, v_subjects);
                    v_holds := '{}'; v_ended := '{}'; v_calls := '{}'; v_transfers := '{}'; v_keys := '{}';
                    v_trusted := false;
                    v_changed := v_changed || o.customer_id;
                    v_subjects := ledger_without(v_subjects, o.customer_id);
                end if;
                w := ledger_hold_came_back(w, h, h.amount - v_used);
            else
                if (w.meter).charged is not null and (v_used < h.amount or (w.meter).holds is not null) then
                    w.meter := ledger_given_back(w.meter, h.amount - v_used, true);
                end if;
                if v_key is not null then
                    v_subjects[v_key].meter := ledger_given_back((v_subjects[v_key]).meter, h.amount - v_used, true);
                end if;
                if v_endpoint is not null then
                    v_subjects[v_endpoint].meter := ledger_given_back((v_subjects[v_endpoint]).meter, h.amount - v_used, true);
                end if;
            end if;
            v_transaction := null;
            if v_used > 0 then
                w.version := w.version + 1;
                v_transaction := case when o.key_is_id then o.key else ledger_uuid7(v_shift) end;
            end if;
            v_ended := v_ended || v_place;
            c := ledger_new_call(w, h, o, case when o.op = 'release' then 'released' else 'committed' end,
                case when h.amount = 0 then '{}' else array[v_used] end, v_used, 0, v_transaction, v_now);
            v_ending := true;

        elsif o.op in ('reserve', 'debit') and not ledger_can_cover(w, o.amount) and o.overrun is distinct from 'debt' then
            r := ledger_refusal(w, 'insufficient-credits', o.amount);

        else
            perform ledger_write(v_holds, v_ended, v_calls, v_transfers, v_keys, v_subjects);
            v_holds := '{}'; v_ended := '{}'; v_calls := '{}'; v_transfers := '{}'; v_keys := '{}';
            v_step := ledger_general(w, o, v_now);
            w := v_step.w;
            r := v_step.r;
            v_limited := w.metered or (w.meter).charged is not null;
            v_trusted := false;
            v_changed := v_changed || o.customer_id;
            if w.metered then
                v_subjects := ledger_without(v_subjects, o.customer_id);
            end if;
        end if;

        if v_ending then
            v_ending := false;
            r := ledger_ended_result(c);
            v_calls := v_calls || c;
            if v_used > 0 then
                v_transfers := v_transfers || row(o.customer_id, v_transaction, v_transaction, w.version, 'CR', 'U20', 'U30',
                    v_used, w.head_id, 'commit', h.id, null, null, null, null, null, v_now, o.happened_at, w.balance, null)::ledger_transfer;
            end if;
        end if;

        if r.code = 'ok' and o.op in ('reserve', 'debit') then
            -- The general way has let go of the meters of keys and endpoints: they are read again.
            if v_limited and (v_looked or w.metered and not v_trusted) then
                a := ledger_charge(w, o, o.api_key_id, o.price_id, o.amount, v_now);
                w := a.w;
                r.limits := a.rates;
            elsif v_limited then
                if (w.meter).charged is not null then
                    w.meter := ledger_charged(w.meter, o.amount, o.op = 'reserve', v_now);
                    if (w.meter).every is not null then
                        r.limits := ledger_rates(null, 'customer', w.meter, v_now);
                    end if;
                end if;
                if v_key is not null then
                    v_subjects[v_key].meter := ledger_charged((v_subjects[v_key]).meter, o.amount, o.op = 'reserve', v_now);
                    r.limits := ledger_rates(r.limits, 'key', (v_subjects[v_key]).meter, v_now);
                end if;
                if v_endpoint is not null then
                    v_subjects[v_endpoint].meter := ledger_charged((v_subjects[v_endpoint]).meter, o.amount, o.op = 'reserve', v_now);
                    r.limits := ledger_rates(r.limits, 'endpoint', (v_subjects[v_endpoint]).meter, v_now);
                end if;
            end if;
            if o.so_far is not null then
                perform ledger_count_quantities(o.customer_id, o.price_id, o.so_far, coalesce(o.quantities, '{}') || '{"calls": "1"}');
            end if;
        end if;
        if r.code = 'ok' then
            if o.key_is_id or ledger_is_uuid7(o.key) then
                w.last_key := greatest(w.last_key, o.key);
            end if;
            if o.key <> r.reservation_id and o.key is distinct from r.transaction_id or o.op not in ('reserve', 'debit', 'commit') or o.final = false then
                k := ledger_key_to_keep(o, r, v_now);
                if k.key is not null then
                    v_keys := v_keys || k;
                end if;
            end if;
        end if;
        v_available := w.balance - w.held - w.frozen;
        if v_available <= w.low_mark or v_available >= w.high_mark or o.op in ('grant', 'watch', 'refresh') then
            w := ledger_look(w, v_now);
        end if;
        if r.code = 'insufficient-credits' and not w.dry and o.op in ('reserve', 'debit', 'commit', 'lease') then
            w := ledger_run_dry(w, r.required, v_now);
        end if;
        r.told := ledger_told();
        r.ord := i;
        return next r;
    end loop;

    if v_at > 0 then
        v_wallets[v_at] := w;
    end if;
    perform ledger_write(v_holds, v_ended, v_calls, v_transfers, v_keys, v_subjects);
    update ledger_wallet s
    set balance = x.balance, held = x.held, frozen = x.frozen, credit_limit = x.credit_limit, debt = x.debt,
        version = x.version, lots = x.lots, head_id = x.head_id, head_free = x.head_free, head_held = x.head_held, last_key = x.last_key, due_at = x.due_at,
        low_mark = x.low_mark, high_mark = x.high_mark, dry = x.dry,
        meter = x.meter, metered = x.metered, late_commit = x.late_commit, forced = x.forced, clock_shift = x.clock_shift
    from rows from (unnest(v_places), unnest(v_wallets)) x(place)
    where s.ctid = x.place
        and (s.held, s.balance, s.version, s.last_key, s.due_at, s.head_id, s.head_free, s.head_held, s.frozen, s.credit_limit, s.debt, s.lots,
            s.low_mark, s.high_mark, s.dry, s.metered, s.late_commit, s.forced, s.clock_shift, s.meter)
            is distinct from
            (x.held, x.balance, x.version, x.last_key, x.due_at, x.head_id, x.head_free, x.head_held, x.frozen, x.credit_limit, x.debt, x.lots,
            x.low_mark, x.high_mark, x.dry, x.metered, x.late_commit, x.forced, x.clock_shift, x.meter);
end
$$;
