-- The books: until when they are closed, and how far usage has become revenue.

create table ledger_books (
    only_row boolean primary key default true check (only_row),
    time_zone text not null default 'UTC',      -- the provider's: where a posting's day begins
    closed_through date,                        -- nothing is posted up to this day
    closing_through date,                       -- nor up to this one, but by the close itself
    constraint ledger_books_close_in_order check (closing_through > closed_through)
);
insert into ledger_books default values;

create table ledger_recognised (
    customer_id uuid primary key,
    version bigint not null                     -- usage up to this version of the wallet is revenue
);

-- Its tax is due when it is used, not when it is sold: it is a part of every use.
alter table ledger_lot add column tax_on_use boolean not null default false;
create or replace view ledger_lot_state as
select l.customer_id, l.id, l.seq, l.kind, l.priority, l.paid, l.units,
       case when w.head_id = l.id then w.head_free + w.head_held + l.frozen else l.remaining end as remaining,
       case when w.head_id = l.id then w.head_held else l.held end as held,
       l.frozen, l.expires_at, l.currency, l.price, l.tax, l.cohort, l.refundable_until, l.escheat_class,
       l.document, l.reason, l.issued_at, l.open, l.tax_on_use
from ledger_lot l join ledger_wallet w using (customer_id);

-- The day that a transfer counts for, where that is not the day on which it was posted.
alter table ledger_transfer add column posted_on date;
create index ledger_transfer_money on ledger_transfer (customer_id, lot_id) where unit <> 'CR';

-- The two postings of each transfer, as an accountant wants them: debits positive.
drop view ledger_posting;
create view ledger_posting as
select t.customer_id, t.transaction_id, t.id as transfer_id, t.version, t.posted_at, t.effective_at,
       coalesce(t.posted_on, (t.posted_at at time zone b.time_zone)::date) as posting_date,
       t.unit, x.account, x.amount, t.lot_id, t.cohort, t.kind, t.document, t.reservation_id
from ledger_transfer t
    cross join ledger_books b
    cross join lateral (values (t.debit, t.amount), (t.credit, -t.amount)) x(account, amount);
