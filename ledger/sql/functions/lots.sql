-- Lots in their order of use. The caller holds the wallet's row lock and passes the row along.

-- Writes the head's counters back to its row, so that all lots can be worked on alike.
create or replace function ledger_unload_head(inout w ledger_wallet)
language plpgsql as $$
begin
    if w.head_id is not null then
        update ledger_lot
        set remaining = w.head_free + w.head_held + frozen, held = w.head_held, open = w.head_free + w.head_held + frozen > 0
        where customer_id = w.customer_id and id = w.head_id;
        w.head_id := null;
        w.head_free := 0;
        w.head_held := 0;
    end if;
end
$$;

-- Makes the first lot with something free the head.
create or replace function ledger_load_head(inout w ledger_wallet, p_now timestamptz)
language plpgsql as $$
declare
    l ledger_lot;
begin
    select * into l from ledger_lot
    where customer_id = w.customer_id and open and (expires_at is null or expires_at > p_now)
        and remaining - held - frozen > 0
    order by priority, expires_at, paid, seq limit 1;
    if found then
        w.head_id := l.id;
        w.head_free := l.remaining - l.held - l.frozen;
        w.head_held := l.held;
    end if;
end
$$;

-- Holds an amount over the free lots in order of use; the head is unloaded. What no lot covers is
-- a last leg without a lot: the credit limit. The caller has made sure that the limit allows it.
create or replace function ledger_take(
    inout w ledger_wallet, p_amount bigint, p_now timestamptz, out lots uuid[], out split bigint[]
)
language plpgsql as $$
declare
    l record;
    v_left bigint := p_amount;
    v_part bigint;
begin
    lots := '{}';
    split := '{}';
    for l in
        select id, remaining - held - frozen as free from ledger_lot
        where customer_id = w.customer_id and open and (expires_at is null or expires_at > p_now)
            and remaining - held - frozen > 0
        order by priority, expires_at, paid, seq
    loop
        exit when v_left = 0;
        v_part := least(l.free, v_left);
        update ledger_lot set held = held + v_part where customer_id = w.customer_id and id = l.id;
        lots := lots || l.id;
        split := split || v_part;
        v_left := v_left - v_part;
    end loop;
    if v_left > 0 then
        lots := lots || null::uuid;
        split := split || v_left;
    end if;
    w.held := w.held + p_amount;
end
$$;

-- Ends the holding of amounts by lot, and consumes a part of each: remaining falls by what is used.
create or replace function ledger_settle_lots(p_customer uuid, p_lots uuid[], p_held bigint[], p_used bigint[]) returns void
language sql as $$
    update ledger_lot l
    set held = l.held - x.held, remaining = l.remaining - x.used, open = l.remaining - x.used > 0
    from (
        select lot, sum(held) as held, sum(used) as used
        from unnest(p_lots, p_held, p_used) u(lot, held, used) where lot is not null group by lot
    ) x
    where l.customer_id = p_customer and l.id = x.lot
$$;

-- Expiry (accounting E08, step 1): what is free of the lots that have expired goes to U31, and its
-- deferred revenue to 2110; of those that the state may claim, to U33 and 2300 (E17a). It counts for
-- the day of the expiry, however late somebody looked; what came back after it, for now.
create or replace function ledger_expire_lots(inout w ledger_wallet, p_now timestamptz, p_came_back boolean default false)
language plpgsql as $$
declare
    l record;
    v_transaction uuid;
    v_money jsonb;
    v_at timestamptz;
    v_detail jsonb;
begin
    for l in
        select id, remaining - held - frozen as free, held + frozen > 0 as open, expires_at, document,
            escheat_class is not null and paid as escheats
        from ledger_lot
        where customer_id = w.customer_id and open and expires_at <= p_now and remaining - held - frozen > 0
        order by priority, expires_at, paid, seq
    loop
        v_money := ledger_value_legs(w.customer_id, array[l.id], array[l.free], '2100', '2110');
        update ledger_lot set remaining = remaining - l.free, open = l.open
        where customer_id = w.customer_id and id = l.id;
        w.version := w.version + 1;
        v_transaction := ledger_new_id();
        w.balance := w.balance - l.free;
        v_at := case when p_came_back then p_now else l.expires_at end;
        v_detail := jsonb_build_object('effective_at', v_at, 'posted_on', ledger_posting_day(v_at), 'document', l.document);
        perform ledger_write_legs(w, v_transaction, p_now, case when l.escheats then 'escheat' else 'expire' end, 'U20',
            case when l.escheats then 'U33' else 'U31' end, array[l.id], array[l.free], null, v_detail);
        perform ledger_write_money(w, v_transaction, p_now, case when l.escheats then 'escheat' else 'expire' end, v_money, l.id, v_detail, false);
        perform ledger_tell(w.customer_id, 'lot.expired', l.id::text, jsonb_build_object('amount', l.free), p_now);
    end loop;
end
$$;

-- Credits that came in pay first for what was spent on credit: the consumption moves from no lot to these.
create or replace function ledger_cover_debt(inout w ledger_wallet, p_now timestamptz)
language plpgsql as $$
declare
    l record;
    v_part bigint;
    v_transaction uuid;
begin
    if w.debt = 0 then
        return;
    end if;
    for l in
        select id, remaining - held - frozen as free from ledger_lot
        where customer_id = w.customer_id and open and (expires_at is null or expires_at > p_now)
            and remaining - held - frozen > 0
        order by priority, expires_at, paid, seq
    loop
        exit when w.debt = 0;
        v_part := least(l.free, w.debt);
        update ledger_lot set remaining = remaining - v_part, open = remaining - v_part > 0
        where customer_id = w.customer_id and id = l.id;
        w.debt := w.debt - v_part;
        w.version := w.version + 1;
        v_transaction := ledger_new_id();
        perform ledger_write_legs(w, v_transaction, p_now, 'cover', 'U30', 'U20', array[null::uuid], array[v_part]);
        perform ledger_write_legs(w, v_transaction, p_now, 'cover', 'U20', 'U30', array[l.id], array[v_part], p_first => false);
    end loop;
end
$$;
