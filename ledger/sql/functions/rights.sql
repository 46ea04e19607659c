-- The application decides and reads; it changes value through the functions only. It owns nothing,
-- and has no UPDATE, DELETE or TRUNCATE (nor INSERT) on any table of the core.

do $do$
declare
    v_table text;
    v_function regprocedure;
begin
    foreach v_table in array array['ledger_clock', 'ledger_account', 'ledger_wallet', 'ledger_lot', 'ledger_lot_state',
        'ledger_hold', 'ledger_transfer', 'ledger_call', 'ledger_event', 'ledger_key', 'ledger_reservation', 'ledger_posting', 'ledger_books', 'ledger_recognised',
        'ledger_outbox', 'ledger_relay', 'ledger_threshold', 'ledger_limit', 'ledger_limit_in_force', 'ledger_subject', 'ledger_tally',
        'ledger_usage_until', 'ledger_usage_day', 'ledger_balance_mark', 'ledger_erased', 'ledger_seal',
        'ledger_sum_hour', 'ledger_summed', 'ledger_sums', 'ledger_detached', 'ledger_detached_sum', 'ledger_detached_hold']
    loop
        continue when to_regclass(v_table) is null;  -- a later migration brings it
        execute format('revoke all on %I from drawdown_app', v_table);
        execute format('grant select on %I to drawdown_app', v_table);
    end loop;
    for v_table in
        select inhrelid::regclass::text from pg_inherits
        where inhparent in ('ledger_transfer'::regclass, 'ledger_call'::regclass, 'ledger_event'::regclass)
    loop
        execute format('revoke all on %s from drawdown_app', v_table);
    end loop;
    for v_function in
        select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = current_schema() and p.proname like 'ledger\_%'
    loop
        execute format('revoke all on function %s from public', v_function);
    end loop;
end
$do$;

grant execute on function ledger_apply(ledger_operation, boolean), ledger_apply(json, boolean), ledger_apply(uuid, json), ledger_open_wallets(uuid[]),
    ledger_move(uuid, uuid, bigint, jsonb), ledger_make_partitions(timestamptz, timestamptz), ledger_now(),
    ledger_carrying(bigint, bigint, bigint), ledger_id_floor(timestamptz), ledger_recognise(uuid[]),
    ledger_first_open(boolean), ledger_day(timestamptz), ledger_close_books(date, date), ledger_set_time_zone(text),
    ledger_announce(uuid, text, text, jsonb), ledger_claim_events(integer, integer), ledger_put_off_events(uuid[]),
    ledger_require_notice(boolean), ledger_forget_keys(timestamptz, integer) to drawdown_app;

do $do$
begin
    if to_regclass('ledger_limit') is not null then  -- a later migration brings it
        grant execute on function ledger_limits_of(uuid), ledger_caps_of(uuid), ledger_meters_of(uuid), ledger_tallies_of(uuid) to drawdown_app;
    end if;
    if to_regclass('ledger_usage_day') is not null then
        grant execute on function ledger_customers_to_sum(integer), ledger_quiet_moment(uuid), ledger_sum_calls(uuid, timestamptz, integer),
            ledger_usage(uuid, timestamptz, timestamptz, text[]), ledger_use(uuid, timestamptz, timestamptz) to drawdown_app;
    end if;
    if to_regclass('ledger_balance_mark') is not null then
        grant execute on function ledger_version_at(uuid, timestamptz), ledger_line_kind(uuid, uuid, text, text),
            ledger_gained(uuid, bigint, bigint), ledger_mark_at(uuid, bigint), ledger_write_marks(uuid, bigint, integer),
            ledger_gone_by(uuid, bigint, timestamptz), ledger_still_held(ledger_transfer, timestamptz), ledger_id_before(uuid, interval)
            to drawdown_app;
    end if;
    if to_regclass('ledger_seal') is not null then
        grant execute on function ledger_write_seals(uuid, bigint, integer), ledger_seal_now(ledger_seal), ledger_seal_bytes(ledger_transfer),
            ledger_seal_value(text) to drawdown_app;
    end if;
    if to_regprocedure('ledger_erase(uuid[])') is not null then
        grant execute on function ledger_erase(uuid[]) to drawdown_app;
    end if;
    if to_regclass('ledger_sum_hour') is not null then
        grant execute on function ledger_sum_transfers(integer) to drawdown_app;
    end if;
end
$do$;
