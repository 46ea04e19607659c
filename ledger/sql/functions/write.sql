-- What a list decided in memory, in bulk.

create or replace function ledger_write(
    p_holds ledger_hold[], p_ended tid[], p_calls ledger_call[], p_transfers ledger_transfer[], p_keys ledger_key[], p_subjects ledger_subject[]
) returns void
language plpgsql as $$
begin
    if cardinality(p_holds) > 0 then
        insert into ledger_hold select * from unnest(p_holds);
    end if;
    if cardinality(p_ended) > 0 then
        delete from ledger_hold h using unnest(p_ended) at where h.ctid = at;
    end if;
    if cardinality(p_calls) > 0 then
        insert into ledger_call select * from unnest(p_calls);
    end if;
    if cardinality(p_transfers) > 0 then
        insert into ledger_transfer select * from unnest(p_transfers);
    end if;
    if cardinality(p_keys) > 0 then
        insert into ledger_key select * from unnest(p_keys);
    end if;
    if cardinality(p_subjects) > 0 then
        update ledger_subject s set meter = x.meter from unnest(p_subjects) x
        where s.customer_id = x.customer_id and s.subject = x.subject and s.meter is distinct from x.meter;
    end if;
end
$$;

-- The metered keys and endpoints of a list of operations, and at which place of these each operation finds its own.
create or replace function ledger_find_subjects(
    p_ops ledger_operation[], out subjects ledger_subject[], out keys integer[], out endpoints integer[]
)
language plpgsql
set enable_hashjoin = on
as $$
begin
    with asked as materialized (
        select x.ordinality as i, x.customer_id, coalesce(x.api_key_id, h.api_key_id) as key, ledger_subject_of(p.endpoint_id::integer) as endpoint
        from unnest(p_ops) with ordinality x
            left join lateral (
                select s.api_key_id, s.price_id from ledger_hold s where s.customer_id = x.customer_id and s.id = x.reservation_id limit 1
            ) h on x.op in ('commit', 'release')
            left join lateral (select s.endpoint_id from ledger_price s where s.id = coalesce(x.price_id, h.price_id) limit 1) p on true
    ), found as materialized (
        select s, customer_id, subject, row_number() over ()::integer as place
        from (select customer_id, key as subject from asked union select customer_id, endpoint from asked) a
            cross join lateral (
                select s from ledger_subject s where s.customer_id = a.customer_id and s.subject = a.subject limit 1
            ) y
    )
    select (select array_agg(s order by place) from found),
        array_agg(k.place order by i), array_agg(e.place order by i)
    into subjects, keys, endpoints
    from asked a
        left join found k on k.customer_id = a.customer_id and k.subject = a.key
        left join found e on e.customer_id = a.customer_id and e.subject = a.endpoint;
end
$$;

-- The same without a customer's, whose rows somebody else writes from now on.
create or replace function ledger_without(p_subjects ledger_subject[], p_customer uuid) returns ledger_subject[]
language sql immutable as $$
    select array_agg(case when (s).customer_id <> p_customer then s end order by i) from unnest(p_subjects) with ordinality x(customer_id, subject, scope, meter, i),
        lateral (select row(x.customer_id, x.subject, x.scope, x.meter)::ledger_subject as s) y
$$;
