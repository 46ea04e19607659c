-- Takes the words off a wallet's transfers. Their seals hold: what stands for each there is kept. All is sealed first,
-- so that nobody seals meanwhile what is no more.
create or replace function ledger_erase_reasons(p_customer uuid) returns void
language plpgsql as $$
declare
    v_version constant bigint := (select version from ledger_wallet where customer_id = p_customer for update);
begin
    -- Twice: another process may have been at it.
    perform ledger_write_seals(p_customer, 1000, 1000000);
    perform ledger_write_seals(p_customer, 1000, 1000000);
    if v_version > (select coalesce(max(version_to), 0) from ledger_seal where customer_id = p_customer) then
        raise exception 'Its history is being sealed just now: try again.';
    end if;
    insert into ledger_erased (customer_id, id, leaf, rest, erased_at)
    select t.customer_id, t.id, sha256(sha256(s.salt || uuid_send(t.id)) || ledger_seal_bytes(t)), '', ledger_now()
    from ledger_transfer t join ledger_seal s on s.customer_id = t.customer_id and t.version between s.version_from and s.version_to
    where t.customer_id = p_customer and t.reason is not null;
    update ledger_transfer set reason = null where customer_id = p_customer and reason is not null;
    update ledger_erased e set rest = sha256(sha256(s.salt || uuid_send(t.id)) || ledger_seal_bytes(t))
    from ledger_transfer t join ledger_seal s on s.customer_id = t.customer_id and t.version between s.version_from and s.version_to
    where e.customer_id = p_customer and t.customer_id = e.customer_id and t.id = e.id and e.rest = '';
end
$$;

-- Erases what people wrote, and where calls came from, of customers whose personal data must go. Amounts, lots, times
-- and ids stay: every balance and every sum is what it was.
create or replace function ledger_erase(p_customers uuid[]) returns void
language plpgsql security definer set search_path from current as $$
begin
    -- No month of calls is on its way to a file, or back from one.
    perform pg_advisory_xact_lock_shared(hashtext('ledger_make_partitions'));
    if exists (select from accounts_customer where id = any(p_customers) and status <> 'closed') then
        raise exception 'Only a closed account can be erased.';
    end if;
    update ledger_call set address = null, metadata = null, request_id = null, ended_request_id = null
    where customer_id = any(p_customers)
        and num_nonnulls(address, metadata, request_id, ended_request_id) > 0;
    update ledger_hold set address = null, metadata = null, request_id = null where customer_id = any(p_customers);
    perform ledger_erase_reasons(customer) from unnest(p_customers) customer;
    update ledger_lot set reason = null where customer_id = any(p_customers) and reason is not null;
    -- What events tell in words: a key's name, why something was refused.
    update ledger_event set data = data - array['name', 'prefix', 'reason', 'pack']
    where customer_id = any(p_customers) and data ?| array['name', 'prefix', 'reason', 'pack'];
end
$$;
