-- Makes the missing monthly partitions from one instant to another. A month that the default
-- partition already holds rows of stays there.
create or replace function ledger_make_partitions(p_from timestamptz, p_to timestamptz) returns integer
language plpgsql security definer set search_path from current as $$
declare
    v_month timestamptz := date_trunc('month', p_from at time zone 'UTC') at time zone 'UTC';
    v_next timestamptz;
    v_table text;
    v_name text;
    v_taken boolean;
    v_made integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('ledger_make_partitions'));
    while v_month <= p_to loop
        v_next := (v_month at time zone 'UTC' + interval '1 month') at time zone 'UTC';
        foreach v_table in array array['ledger_transfer', 'ledger_call', 'ledger_event'] loop
            v_name := v_table || to_char(v_month at time zone 'UTC', '"_y"YYYY"m"MM');
            continue when to_regclass(v_name) is not null;
            execute format('select exists (select from %I_rest where id >= %L and id < %L)',
                v_table, ledger_id_floor(v_month), ledger_id_floor(v_next)) into v_taken;
            continue when v_taken;
            execute format('create table %I partition of %I for values from (%L) to (%L)',
                v_name, v_table, ledger_id_floor(v_month), ledger_id_floor(v_next));
            -- Default privileges would let the application write to it beside its parent.
            execute format('revoke all on %I from drawdown_app', v_name);
            v_made := v_made + 1;
        end loop;
        v_month := v_next;
    end loop;
    return v_made;
end
$$;
