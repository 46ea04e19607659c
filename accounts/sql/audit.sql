-- Who changed what. The application may only read the entries: they come through these functions,
-- which act with the owner's rights. Who acts is said by the session: `drawdown.acting`, as JSON.

-- An act that is not a change of one row, or that needs a name of its own.
create or replace function accounts_audit_record(
    p_action text, p_table text, p_row text, p_customer uuid, p_before jsonb, p_after jsonb
) returns void
language plpgsql security definer set search_path from current as $$
declare
    v_acting jsonb := coalesce(nullif(current_setting('drawdown.acting', true), ''), '{}')::jsonb;
begin
    insert into accounts_auditentry (at, person_id, service_id, key_id, via, action, "table", "row", customer_id, before, after, address, request_id)
    values (clock_timestamp(), (v_acting ->> 'person')::uuid, (v_acting ->> 'service')::smallint, (v_acting ->> 'key')::uuid,
        coalesce(v_acting ->> 'via', 'system'), p_action, p_table, p_row, p_customer, p_before, p_after,
        (v_acting ->> 'address')::inet, coalesce(v_acting ->> 'request_id', ''));
end
$$;

-- What an entry keeps of one column. Long texts and files are not history of their own.
create or replace function accounts_audit_value(p_value jsonb, p_hidden boolean) returns jsonb
language sql stable as $$
    select case
        when p_value = 'null' then p_value
        when p_hidden then '"(hidden)"'
        when length(p_value::text) > 4000 then to_jsonb(format('(%s characters)', length(p_value::text)))
        else p_value end
$$;

-- Of every audited table. Its arguments: what a row is called, its columns of the row's id and of the
-- customer's ('' where it has none), and those that are hidden and those that tell nothing, with commas.
create or replace function accounts_audit_row() returns trigger
language plpgsql security definer set search_path from current as $$
declare
    v_acting constant jsonb := current_setting('drawdown.acting');
    v_hidden constant text[] := string_to_array(tg_argv[3], ',');
    v_quiet constant text[] := string_to_array(tg_argv[4], ',');
    v_old constant jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    v_new constant jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
    v_row constant jsonb := coalesce(v_new, v_old);
    v_before jsonb;
    v_after jsonb;
begin
    if v_acting ->> 'person' is null and v_acting ->> 'service' is null and v_acting ->> 'key' is null then
        return null;
    end if;
    select jsonb_object_agg(k, accounts_audit_value(v_old -> k, k = any (v_hidden))),
        jsonb_object_agg(k, accounts_audit_value(v_new -> k, k = any (v_hidden)))
    into v_before, v_after
    from jsonb_object_keys(v_row) k
    where k <> all (v_quiet) and v_old -> k is distinct from v_new -> k;
    if tg_op = 'UPDATE' and v_before is null then
        return null;
    end if;
    perform accounts_audit_record(
        format('%s.%s', tg_argv[0], case tg_op when 'INSERT' then 'added' when 'UPDATE' then 'changed' else 'removed' end),
        tg_table_name::text, v_row ->> tg_argv[1], nullif(v_row ->> nullif(tg_argv[2], ''), '')::uuid,
        case when tg_op <> 'INSERT' then v_before end, case when tg_op <> 'DELETE' then v_after end);
    return null;
end
$$;

revoke all on function accounts_audit_record(text, text, text, uuid, jsonb, jsonb), accounts_audit_value(jsonb, boolean),
    accounts_audit_row() from public;
grant execute on function accounts_audit_record(text, text, text, uuid, jsonb, jsonb) to drawdown_app;
