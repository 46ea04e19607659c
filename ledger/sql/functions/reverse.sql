-- Gives committed credits back to the lots that they came from, the last used first; a new
-- transaction, never an edit (accounting E18), which counts for today and names the day of the use. Credits of a lot that has expired since go on to
-- breakage.

-- What was spent on credit and has been covered by lots since goes back to those lots, the last first.
create or replace function ledger_uncover(inout w ledger_wallet, p_amount bigint, p_transaction uuid, p_reservation uuid, p_now timestamptz)
language plpgsql as $$
declare
    l record;
    v_left bigint := p_amount;
    v_part bigint;
begin
    for l in
        -- Each cover has a leg without a lot, too, which few others have: by these the rest is found.
        with covers as materialized (
            select s.version from ledger_transfer s
            where s.customer_id = w.customer_id and s.lot_id is null and s.kind = 'cover'
                and s.unit = 'CR' and (s.debit <> 'U20' or s.credit <> 'U30')
        ), covered as materialized (
            select s.lot_id, sum(s.amount) as amount, max(s.version) as last
            from covers
                cross join lateral (
                    select t.lot_id, t.amount, t.version from ledger_transfer t
                    where uuid_hash(t.customer_id) = uuid_hash(w.customer_id) and t.version = covers.version
                        and t.customer_id = w.customer_id and t.kind = 'cover' and t.lot_id is not null
                    limit 1
                ) s
            group by s.lot_id
        )
        select lot_id, amount - coalesce((
            select sum(s.amount) from ledger_transfer s
            where s.customer_id = w.customer_id and s.lot_id = covered.lot_id and s.kind = 'uncover'
                and s.unit = 'CR' and (s.debit <> 'U20' or s.credit <> 'U30')), 0) as net
        from covered order by last desc
    loop
        exit when v_left = 0;
        v_part := least(l.net, v_left);
        continue when v_part <= 0;
        update ledger_lot set remaining = remaining + v_part, open = true where customer_id = w.customer_id and id = l.lot_id;
        perform ledger_write_legs(w, p_transaction, p_now, 'uncover', 'U30', 'U20', array[l.lot_id], array[v_part], p_reservation, p_first => false);
        v_left := v_left - v_part;
    end loop;
end
$$;

create or replace function ledger_reverse(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    c ledger_call;
    v_before ledger_call;
    r ledger_result;
    v_amount bigint;
    v_parts bigint[];
    v_on_credit bigint;
    v_covered bigint;
    v_transaction uuid;
begin
    select * into c from ledger_call
    where customer_id = o.customer_id and id = o.reservation_id and ledger_names_price(o.price_id, price_id);
    if not found then
        return ledger_reverse_open(w, o, p_now);
    elsif c.state = 'reversed' or (c.committed = 0 and c.state <> 'committed') then
        w := ledger_load_head(w, p_now);
        if c.state = 'reversed' and coalesce(o.amount, (c.reversal->>'amount')::bigint) = (c.reversal->>'amount')::bigint then
            return (w, jsonb_populate_record(null::ledger_result, c.reversal->'result'));
        end if;
        return (w, ledger_call_refusal(w, c));
    end if;
    v_amount := coalesce(o.amount, c.committed - c.reversed);
    if ledger_is_too_large(w.balance, v_amount) then
        return (ledger_load_head(w, p_now), ledger_refusal(w, 'balance-too-large'));
    end if;
    if v_amount > c.committed - c.reversed then
        return (ledger_load_head(w, p_now), ledger_call_refusal(w, c, 'amount-exceeds-reservation'));
    end if;

    -- From the last lot backwards, past what earlier reversals gave back.
    select array_agg(greatest(least(so_far, c.reversed + v_amount) - greatest(so_far - used, c.reversed), 0)::bigint order by i)
    into v_parts
    from (
        select i, used, sum(used) over (order by i desc) as so_far from unnest(c.used) with ordinality x(used, i)
    ) y;
    update ledger_lot l set remaining = l.remaining + x.part, open = true
    from (
        select lot, sum(part) as part from unnest(c.lots, v_parts) u(lot, part) where lot is not null and part > 0 group by lot
    ) x
    where l.customer_id = w.customer_id and l.id = x.lot;
    if v_amount > 0 then
        select coalesce(sum(part), 0) into v_on_credit from unnest(c.lots, v_parts) u(lot, part) where lot is null;
        v_covered := greatest(v_on_credit - w.debt, 0);
        w.debt := w.debt - (v_on_credit - v_covered);
        w.version := w.version + 1;
        w.balance := w.balance + v_amount;
        v_transaction := case when o.key_is_id then o.key else ledger_new_id() end;
        perform ledger_write_legs(w, v_transaction, p_now, 'reverse', 'U30', 'U20', c.lots, v_parts, c.id,
            jsonb_build_object('effective_at', c.ended_at) || coalesce(o.detail, '{}') || jsonb_build_object('reverses', c.transaction_id));
        -- What was covered since: the consumption without a lot is as it was, a lot's is taken back.
        if v_covered > 0 then
            perform ledger_write_legs(w, v_transaction, p_now, 'uncover', 'U20', 'U30', array[null::uuid], array[v_covered], c.id, p_first => false);
            w := ledger_uncover(w, v_covered, v_transaction, c.id, p_now);
        end if;
    end if;
    if (w.meter).charged is not null or w.metered then
        w := ledger_reversal_came_back(w, c, v_amount);
    end if;
    if c.so_far is not null and c.reversed + v_amount = c.committed then
        perform ledger_count_quantities(c.customer_id, c.price_id, c.so_far, ledger_units_of(c.quantities, c.used_quantities, c.so_far), -1);
    end if;
    w := ledger_settle_wallet(w, p_now);
    -- A lot that had been used up, and was forgotten, may be open again.
    w.due_at := ledger_next_due(w, p_now);

    v_before := c;
    c.reversed := c.reversed + v_amount;
    c.state := case when c.reversed = c.committed then 'reversed' else c.state end;
    r := ledger_call_refusal(w, c, 'ok');
    r.state := 'reversed';
    r.transaction_id := v_transaction;
    select * into r.lots, r.lot_amounts from ledger_by_lot(c.lots, v_parts);
    r.reversed := c.reversed;
    update ledger_call
    set reversed = c.reversed, state = c.state, reversal = jsonb_build_object('amount', v_amount, 'result', to_jsonb(r))
    where customer_id = c.customer_id and id = c.id;
    if v_amount > 0 then
        perform ledger_correct_usage(v_before, c);
    end if;
    return (w, r);
end
$$;

create or replace function ledger_reverse_open(w ledger_wallet, o ledger_operation, p_now timestamptz) returns ledger_step
language plpgsql as $$
declare
    h ledger_hold;
begin
    w := ledger_load_head(w, p_now);
    select * into h from ledger_hold
    where customer_id = o.customer_id and id = o.reservation_id and ledger_names_price(o.price_id, price_id);
    if found then
        return (w, ledger_hold_refusal(w, h, 'reservation-held'));
    end if;
    return (w, ledger_refusal(w, 'not-found'));
end
$$;
