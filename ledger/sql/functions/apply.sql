-- The one door: a list of operations, decided in order under the row locks of their wallets,
-- answered one by one. Operations of several customers may be mixed; those of one customer take
-- effect in their order. Each stands alone: a refusal is its own answer and touches no other.

-- Wallets of customers that have none yet; how many were made.
create or replace function ledger_open_wallets(p_customers uuid[]) returns bigint
language sql security definer set search_path from current as $$
    with made as (
        insert into ledger_wallet (customer_id)
        select id from accounts_customer where id = any(p_customers) order by id
        on conflict do nothing
        returning customer_id
    ), heard as (
        insert into ledger_relay (customer_id) select customer_id from made on conflict do nothing
    )
    select count(*) from made
$$;

-- p_operations: a JSON list of objects with the fields of ledger_operation. p_wait: false answers
-- `busy` for a wallet that someone else has locked, instead of waiting for it. A customer without a
-- wallet is answered `no-wallet`.
create or replace function ledger_apply(p_operations json, p_wait boolean default true) returns setof ledger_result
language plpgsql security definer
set search_path from current
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
    if json_array_length(p_operations) = 1 then
        return next ledger_apply(json_populate_record(null::ledger_operation, p_operations->0), p_wait);
        return;
    end if;
    return query select * from ledger_apply_list(
        array(select x from json_populate_recordset(null::ledger_operation, p_operations) x), p_wait);
end
$$;

-- The same for one customer, as Citus distributes it: the first argument names the shard.
create or replace function ledger_apply(p_customer uuid, p_operations json) returns setof ledger_result
language sql security definer set search_path from current as $$
    select * from ledger_apply(
        (select json_agg(jsonb_set(o::jsonb, '{customer_id}', to_jsonb(p_customer)) order by i)
         from json_array_elements(p_operations) with ordinality x(o, i)))
$$;
