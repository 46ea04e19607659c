-- Time and ids of the ledger.

create or replace function ledger_now() returns timestamptz
language sql volatile parallel unsafe as $$
    select clock_timestamp() + (select shift from ledger_clock)
$$;

-- Ids are UUIDv7 (RFC 9562) of the ledger's time. PostgreSQL has uuidv7() from 18 on.
do $do$
begin
    if current_setting('server_version_num')::int >= 180000 then
        create or replace function ledger_uuid7(p_shift interval) returns uuid
        language sql volatile as 'select uuidv7(p_shift)';
    else
        create or replace function ledger_uuid7(p_shift interval) returns uuid
        language sql volatile as $$
            select encode(
                set_byte(
                    overlay(uuid_send(gen_random_uuid()) placing substring(int8send(
                        (extract(epoch from clock_timestamp() + p_shift) * 1000)::bigint) from 3) from 1 for 6),
                    6, 112 | (random() * 15)::int),
                'hex')::uuid
        $$;
    end if;
end
$do$;

create or replace function ledger_new_id() returns uuid
language sql volatile parallel unsafe as $$
    select ledger_uuid7((select shift from ledger_clock))
$$;

-- The lowest id of an instant: where a partition begins.
create or replace function ledger_id_floor(p_at timestamptz) returns uuid
language sql immutable strict parallel safe as $$
    select (lpad(to_hex((extract(epoch from p_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Whether an id is a UUIDv7, and so may be the id of a row.
create or replace function ledger_is_uuid7(p_id uuid) returns boolean
language sql immutable strict parallel safe as $$
    select get_byte(uuid_send(p_id), 6) >> 4 = 7
$$;
