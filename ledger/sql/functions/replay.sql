-- Idempotency. A key that is a UUIDv7 is the id of the row that it made (the hold, or the first
-- transfer of the commit), so that it costs nothing to remember; other keys, and operations that
-- leave no such row, are remembered in ledger_key. The wallet's lock serialises keys.

create or replace function ledger_replayed(o ledger_operation, p_request bigint, r ledger_result) returns ledger_result
language plpgsql as $$
begin
    if p_request is distinct from o.request then
        r := null;
        r.code := 'idempotency-key-reused';
        r.customer_id := o.customer_id;
        r.replayed := false;
        return r;
    end if;
    r.replayed := true;
    return r;
end
$$;

create or replace function ledger_replay_key(o ledger_operation, k ledger_key) returns ledger_result
language plpgsql as $$
declare
    h ledger_hold;
    c ledger_call;
begin
    if k.answers = 'result' then
        return ledger_replayed(o, k.request, jsonb_populate_record(null::ledger_result, k.result));
    end if;
    select * into c from ledger_call where customer_id = k.customer_id and id = k.reservation_id;
    if k.answers = 'end' then
        return ledger_replayed(o, k.request, ledger_ended_result(c));
    elsif c.id is not null then
        return ledger_replayed(o, k.request, ledger_held_result(ledger_hold_of(c)));
    end if;
    select * into h from ledger_hold where customer_id = k.customer_id and id = k.reservation_id;
    return ledger_replayed(o, k.request, ledger_held_result(h));
end
$$;

-- Whether a key is of a month whose calls are kept in a file, so that nobody knows if it was used.
create or replace function ledger_is_detached(p_key uuid) returns boolean
language sql stable as $$
    select exists (select from ledger_detached d where p_key >= d.low and p_key < d.above)
$$;

-- The first answer to an operation whose key was used before; null if it was not.
create or replace function ledger_replay(o ledger_operation) returns ledger_result
language plpgsql as $$
declare
    k ledger_key;
    h ledger_hold;
    c ledger_call;
    r ledger_result;
begin
    select * into k from ledger_key where customer_id = o.customer_id and key = o.key;
    if found then
        return ledger_replay_key(o, k);
    end if;
    select * into h from ledger_hold where customer_id = o.customer_id and id = o.key;
    if found then
        return ledger_replayed(o, h.request, ledger_held_result(h));
    end if;
    select * into c from ledger_call where customer_id = o.customer_id and id = o.key;
    if found and c.available_after is not null then
        return ledger_replayed(o, c.request, ledger_held_result(ledger_hold_of(c)));
    elsif found then
        return ledger_replayed(o, c.request, ledger_ended_result(c));
    end if;
    select call.* into c
    from ledger_transfer t join ledger_call call on call.customer_id = t.customer_id and call.id = t.reservation_id
    where t.customer_id = o.customer_id and t.id = o.key;
    if found then
        return ledger_replayed(o, c.ended_request, ledger_ended_result(c));
    end if;
    if not coalesce(o.key_is_id, false) and ledger_is_uuid7(o.key) and ledger_is_detached(o.key) then
        -- What it once did must not be done again.
        r.code := 'idempotency-key-reused';
        r.customer_id := o.customer_id;
        r.replayed := false;
        return r;
    end if;
    return null;
end
$$;

-- What has to be remembered of an operation that was done, if its rows do not tell it. A null row: nothing.
create or replace function ledger_key_to_keep(o ledger_operation, r ledger_result, p_now timestamptz) returns ledger_key
language plpgsql as $$
declare
    v_answers text := case
        when o.op = 'reserve' then 'reserve'
        when o.op in ('debit', 'release') or o.op = 'commit' and coalesce(o.final, true) then 'end'
        else 'result'
    end;
begin
    if o.key is null or o.op = 'refresh' or v_answers <> 'result' and o.key in (r.reservation_id, r.transaction_id) then
        return null;
    end if;
    if o.op = 'dismiss' then
        r.code := 'event-dismissed';  -- what its key is refused with ever after
    end if;
    return row(o.customer_id, o.key, o.request, v_answers, r.reservation_id,
        -- A usage event may be sent until 30 days after its own time, which may be ahead of ours.
        case when v_answers = 'result' then to_jsonb(r) end, greatest(p_now, o.happened_at))::ledger_key;
end
$$;

-- Forgets keys of callers that were used before an instant, and how many those were. The rooms above
-- have keys too (their request is 0): what was entered under one is not entered again, however late.
create or replace function ledger_forget_keys(p_before timestamptz, p_at_most integer) returns integer
language plpgsql security definer set search_path from current as $$
declare
    v_forgotten integer;
begin
    p_before := least(p_before, ledger_now() - interval '30 days');
    delete from ledger_key where ctid = any(array(
        select ctid from ledger_key where created_at < p_before and request <> 0 limit p_at_most
    ));
    get diagnostics v_forgotten = row_count;
    return v_forgotten;
end
$$;
