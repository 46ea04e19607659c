-- Erases what people wrote, and where calls came from, of customers whose personal data must go. Amounts, lots, times
-- and ids stay: every balance and every sum is what it was.
create or replace function ledger_erase(p_customers uuid[]) returns void
language plpgsql security definer set search_path from current as $$
begin
    if exists (select from accounts_customer where id = any(p_customers) and status <> 'closed') then
        raise exception 'Only a closed account can be erased.';
    end if;
    update ledger_call set address = null, metadata = null, request_id = null, ended_request_id = null
    where customer_id = any(p_customers)
        and num_nonnulls(address, metadata, request_id, ended_request_id) > 0;
    update ledger_hold set address = null, metadata = null, request_id = null where customer_id = any(p_customers);
    update ledger_transfer set reason = null where customer_id = any(p_customers) and reason is not null;
    update ledger_lot set reason = null where customer_id = any(p_customers) and reason is not null;
    -- What events tell in words: a key's name, why something was refused.
    update ledger_event set data = data - array['name', 'prefix', 'reason', 'pack']
    where customer_id = any(p_customers) and data ?| array['name', 'prefix', 'reason', 'pack'];
end
$$;
