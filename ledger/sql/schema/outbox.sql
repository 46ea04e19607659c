-- What the outside is owed, and what a balance is watched for.

-- Events that were not handed on yet. Written with the event; whoever hands it on deletes it.
create table ledger_outbox (
    customer_id uuid not null,
    seq bigint not null generated always as identity,   -- drawn under the wallet's lock: a customer's order
    event_id uuid not null,
    created_at timestamptz not null,
    primary key (customer_id, seq)
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
create index ledger_outbox_order on ledger_outbox (seq);

-- Who hands on a customer's events holds its row, so that they keep their order. It is not the
-- wallet's: nobody who spends waits for it.
create table ledger_relay (
    customer_id uuid primary key,
    failures integer not null default 0,        -- in a row
    retry_at timestamptz not null default '-infinity'
);
insert into ledger_relay (customer_id) select customer_id from ledger_wallet;

-- A balance to tell of, once when it is reached and once when it is left behind again.
create table ledger_threshold (
    customer_id uuid not null,
    id uuid not null,
    purpose text not null check (purpose in ('alert', 'top_up', 'dry')),
    basis text not null check (basis in ('credits', 'percent', 'days')),
    value bigint not null check (value >= 0),   -- micro-credits, per cent of the last purchase used, or days left
    level bigint,                               -- available, in micro-credits; null: not known yet
    recovers_at bigint,
    cool_down interval not null default '0',
    crossed boolean not null default false,
    told boolean not null default false,        -- of this crossing
    told_at timestamptz,                        -- of the last one that was told
    primary key (customer_id, id),
    constraint ledger_threshold_recovers_above check (recovers_at > level)
);

-- Between these the available balance has nothing to tell: a debit compares, and no more.
alter table ledger_wallet
    add column low_mark bigint not null default -9223372036854775808,
    add column high_mark bigint not null default 1,
    add column dry boolean not null default false;
update ledger_wallet set low_mark = 0, high_mark = 9223372036854775807 where balance - held - frozen > 0;
update ledger_wallet set dry = true where version > 0 and balance - held - frozen <= 0;
insert into ledger_threshold (customer_id, id, purpose, basis, value, level, recovers_at, crossed)
select customer_id, customer_id, 'dry', 'credits', 0, 0, 1, true from ledger_wallet where dry;

-- Whether it wrote events: who asked wakes the relay, once it is committed.
alter type ledger_result add attribute told boolean cascade;

-- A lot may have to stay until its owner has been told that it ends.
alter table ledger_books add column expiry_needs_notice boolean not null default false;
alter table ledger_lot add column noticed_at timestamptz;
-- Whose lots end soon.
create index ledger_lot_expiry on ledger_lot (expires_at) where open;
create or replace view ledger_lot_state as
select l.customer_id, l.id, l.seq, l.kind, l.priority, l.paid, l.units,
       case when w.head_id = l.id then w.head_free + w.head_held + l.frozen else l.remaining end as remaining,
       case when w.head_id = l.id then w.head_held else l.held end as held,
       l.frozen, l.expires_at, l.currency, l.price, l.tax, l.cohort, l.refundable_until, l.escheat_class,
       l.document, l.reason, l.issued_at, l.open, l.tax_on_use, l.noticed_at
from ledger_lot l join ledger_wallet w using (customer_id);
