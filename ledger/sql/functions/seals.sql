-- The chain of seals of each wallet. A wallet's version is written with its transfers: when it can be
-- read, so can all of them, and none is added to it later. Format 1, in docs/audit.md: whoever changes
-- what is here gives it another number and keeps this one, or no seal holds any more.

-- One value: its length in bytes and the value; "-" for none.
create or replace function ledger_seal_value(p_value text) returns text
language sql immutable parallel safe as $$
    select coalesce(octet_length(p_value) || ':' || p_value, '-')
$$;

-- Named, in an order and in forms that no setting and no later column changes.
create or replace function ledger_seal_bytes(t ledger_transfer) returns bytea
language sql stable parallel safe as $$
    select convert_to('transfer/1 '
        || ledger_seal_value(t.customer_id::text) || ledger_seal_value(t.id::text) || ledger_seal_value(t.transaction_id::text)
        || ledger_seal_value(t.version::text) || ledger_seal_value(t.unit) || ledger_seal_value(t.debit) || ledger_seal_value(t.credit)
        || ledger_seal_value(t.amount::text) || ledger_seal_value(t.lot_id::text) || ledger_seal_value(t.kind)
        || ledger_seal_value(t.reservation_id::text) || ledger_seal_value(t.document) || ledger_seal_value(t.cohort)
        || ledger_seal_value(t.reverses::text) || ledger_seal_value(t.actor) || ledger_seal_value(t.reason)
        || ledger_seal_value(((extract(epoch from t.posted_at) * 1000000)::bigint)::text)
        || ledger_seal_value(((extract(epoch from t.effective_at) * 1000000)::bigint)::text)
        || ledger_seal_value(t.balance_after::text) || ledger_seal_value((t.posted_on - date '1970-01-01')::text), 'UTF8')
$$;

-- What a seal's digest and number of transfers would be now. Each transfer has a salt of its own, so that one can be
-- shown to somebody with the digests of the others.
create or replace function ledger_seal_now(s ledger_seal, out digest bytea, out transfers bigint)
language sql stable parallel safe
set enable_seqscan = off
as $$
    select sha256(convert_to('seal/' || s.format || ' ', 'UTF8') || uuid_send(s.customer_id) || int8send(s.version_from)
            || int8send(s.version_to) || int8send((extract(epoch from s.sealed_at) * 1000000)::bigint) || s.previous
            || coalesce(string_agg(sha256(sha256(s.salt || uuid_send(t.id)) || ledger_seal_bytes(t)), ''::bytea order by t.version, t.id), '')),
        count(t.id)
    from ledger_transfer t
    where uuid_hash(t.customer_id) = uuid_hash(s.customer_id) and t.customer_id = s.customer_id
        and t.version between s.version_from and s.version_to
$$;

-- Seals what a wallet has done since its last seal, `p_step` versions at most in one; how many seals that were. Twice is once.
create or replace function ledger_write_seals(p_customer uuid, p_step bigint, p_at_most integer) returns integer
language plpgsql security definer set search_path from current as $$
declare
    v_through bigint := (select version from ledger_wallet where customer_id = p_customer);
    s ledger_seal;
    v_written integer := 0;
begin
    if p_step < 1 then
        raise exception 'A step is of one version at least.';
    end if;
    select * into s from ledger_seal where customer_id = p_customer order by version_from desc limit 1;
    while coalesce(s.version_to, 0) < v_through and v_written < p_at_most loop
        s := row(p_customer, coalesce(s.version_to, 0) + 1, least(coalesce(s.version_to, 0) + p_step, v_through), 1, 0,
            sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
            coalesce(s.digest, decode(repeat('00', 32), 'hex')), null, clock_timestamp());
        select x.digest, x.transfers into s.digest, s.transfers from ledger_seal_now(s) x;
        insert into ledger_seal select s.* on conflict do nothing;
        exit when not found;  -- another process is at it
        v_written := v_written + 1;
    end loop;
    return v_written;
end
$$;
