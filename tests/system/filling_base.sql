-- Who has what is filled in, and how the number of a call tells when it was and what its ids are.
create schema filling;
create table filling.customer as
    select row_number() over (order by id) - 1 as n, id from accounts_customer where name like 'Filled %';
create table filling.price as select row_number() over (order by id) - 1 as n, id from ledger_price;
create function filling.id(at timestamptz, seed text) returns uuid language sql immutable as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(seed), 1, 3)
        || '8' || substr(md5(seed), 4, 15))::uuid
$$;
create function filling.at(n bigint) returns timestamptz language sql immutable as $$
    select '{now}'::timestamptz - ({calls} - n) * interval '{days} days' / {calls}
$$;
select ledger_make_partitions('{now}'::timestamptz - interval '{days} days', '{now}');
insert into ledger_wallet (customer_id) select id from filling.customer;
-- As if all their usage was summed: nobody is to begin with it now.
insert into ledger_usage_until (customer_id, below) select id, 'ffffffff-ffff-ffff-ffff-ffffffffffff' from filling.customer;
