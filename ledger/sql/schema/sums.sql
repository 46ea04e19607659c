-- What the transfers of all customers come to, hour by hour, so that nobody has to read five million of them.

create table ledger_sum_hour (
    hour timestamptz not null,
    unit text not null,
    debit text not null,
    credit text not null,
    kind text not null,
    paid boolean not null,                      -- it issued a lot that was sold
    transfers bigint not null,
    amount numeric(38, 0) not null,                    -- micro-credits, or minor units of money; of all customers it may be long
    primary key (hour, unit, debit, credit, kind, paid)
) with (fillfactor = 80);

-- Of each customer, up to which version of its wallet its transfers are in the sums.
create table ledger_summed (
    customer_id uuid primary key,
    version bigint not null
) with (fillfactor = 50);

-- Who adds to the sums has this row. Null: something that was there from the beginning is not in them yet.
create table ledger_sums (
    only_row boolean primary key default true check (only_row),
    complete_at timestamptz                     -- all that was posted before is in the sums
);
insert into ledger_sums default values;
