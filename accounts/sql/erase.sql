-- Erases what entries tell of somebody whose personal data must go: that something was changed, by whom and when, stays.
-- `p_rows` names rows that entries know without their customer: {"table": ["id", ...]}.
create or replace function accounts_audit_erase(p_customers uuid[], p_people uuid[], p_rows jsonb) returns void
language sql security definer set search_path from current as $$
    update accounts_auditentry e
    set before = (select jsonb_object_agg(k, '"(erased)"'::jsonb) from jsonb_object_keys(e.before) k),
        after = (select jsonb_object_agg(k, '"(erased)"'::jsonb) from jsonb_object_keys(e.after) k)
    where e.customer_id = any(p_customers) or coalesce(p_rows -> e."table" ? e."row", false)
        -- Rows of these people, those that are gone too, such as an address that somebody had before.
        or e.customer_id is null and (e."table", e."row") in (
            select x."table", x."row" from accounts_auditentry x
            where x.customer_id is null
                and (x.before ->> 'user_id' = any(p_people::text[]) or x.after ->> 'user_id' = any(p_people::text[])));
    update accounts_auditentry e set address = null, request_id = ''
    where e.via <> 'admin' and (e.customer_id = any(p_customers) or e.person_id = any(p_people));
$$;

revoke all on function accounts_audit_erase(uuid[], uuid[], jsonb) from public;
grant execute on function accounts_audit_erase(uuid[], uuid[], jsonb) to drawdown_app;
