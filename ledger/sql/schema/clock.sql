-- One clock for every decision: the database's, plus a shift that only the owner role can set
-- (scenarios, demo history, test installs). clock_timestamp() and not now(), which stands still
-- from the start of the transaction and so would be read before the row lock was granted.

create table ledger_clock (
    only_row boolean primary key default true check (only_row),
    shift interval not null default '0'
);
insert into ledger_clock default values;
