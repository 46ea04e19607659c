-- Events: written by whoever causes them, claimed and handed on by the relay.

create or replace function ledger_tell(p_customer uuid, p_kind text, p_subject text, p_data jsonb, p_now timestamptz) returns void
language sql as $$
    with event as (
        insert into ledger_event (customer_id, id, kind, subject, data, created_at)
        values (p_customer, ledger_new_id(), p_kind, p_subject, p_data, p_now)
        returning customer_id, id, created_at
    )
    insert into ledger_outbox (customer_id, event_id, created_at) select * from event;
    -- Who has a wallet has it already.
    insert into ledger_relay (customer_id) values (p_customer) on conflict do nothing;
    select set_config('drawdown.told', 'on', true);
$$;

-- Whether events were written since this was asked the last time, in this database transaction.
create or replace function ledger_told() returns boolean
language plpgsql as $$
begin
    if coalesce(current_setting('drawdown.told', true), '') = 'on' then
        perform set_config('drawdown.told', '', true);
        return true;
    end if;
    return false;
end
$$;

-- An event of the rooms above.
create or replace function ledger_announce(p_customer uuid, p_kind text, p_subject text, p_data jsonb) returns void
language sql security definer set search_path from current as $$
    select ledger_tell(p_customer, p_kind, p_subject, p_data, ledger_now())
$$;

-- Events that were not handed on yet, of some customers and each customer's in order. They are gone
-- from the outbox when the caller commits; until then nobody else gets one of the same customers.
create or replace function ledger_claim_events(p_customers integer, p_events integer)
returns table (customer_id uuid, id uuid, kind text, subject text, data jsonb, created_at timestamptz)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
    v_customers uuid[];
begin
    -- Those whose events wait longest; the whole of a long queue is not looked through.
    select array_agg(customer_id order by since) into v_customers from (
        select customer_id, min(seq) as since from (
            select o.customer_id, o.seq from ledger_outbox o join ledger_relay r using (customer_id)
            where r.retry_at <= ledger_now() order by o.seq limit 4 * (p_customers + p_events)
        ) first group by customer_id
    ) waiting;
    select array_agg(customer_id) into v_customers from (
        select customer_id from ledger_relay where customer_id = any(v_customers)
        order by array_position(v_customers, customer_id) limit p_customers for update skip locked
    ) claimed;
    return query
        with taken as (
            delete from ledger_outbox o using (
                select customer_id, seq from ledger_outbox where customer_id = any(v_customers) order by seq limit p_events
            ) first
            where o.customer_id = first.customer_id and o.seq = first.seq
            returning o.customer_id, o.seq, o.event_id
        ), handed as (
            update ledger_event e set delivered_at = ledger_now() from taken t
            where e.customer_id = t.customer_id and e.id = t.event_id
            returning t.seq, e.customer_id, e.id, e.kind, e.subject, coalesce(e.data, '{}') as data, e.created_at
        )
        select h.customer_id, h.id, h.kind, h.subject, h.data, h.created_at from handed h order by h.seq;
    update ledger_relay set failures = 0 where customer_id = any(v_customers) and failures > 0;
end
$$;

-- After 1, 2, 4 ... seconds, and every ten minutes in the end.
create or replace function ledger_put_off_events(p_customers uuid[]) returns void
language sql security definer set search_path from current as $$
    update ledger_relay set failures = failures + 1, retry_at = ledger_now() + make_interval(secs => least(600, 2 ^ least(failures, 10)))
    where customer_id = any(p_customers)
$$;
