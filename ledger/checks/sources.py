"""What the checks read: the core's tables, of all customers or of one. Micro-credits."""

SOURCES = """
with wallet as not materialized (select * from ledger_wallet where {scope}),
lot as not materialized (select * from ledger_lot_state where {scope}),
lot_row as not materialized (select * from ledger_lot where {scope}),
hold as not materialized (select * from ledger_hold where {scope}),
call as not materialized (select * from ledger_call where {scope}),
transfer as not materialized (select * from ledger_transfer where {scope}),
event as not materialized (select * from ledger_event where {scope}),
threshold as not materialized (select * from ledger_threshold where {scope}),
waiting as not materialized (select * from ledger_outbox where {scope}),
tally as not materialized (select * from ledger_tally where {scope}),
usage_day as not materialized (select * from ledger_usage_day where {scope}),
detached_sum as not materialized (select * from ledger_detached_sum where {scope}),
usage_until as not materialized (select * from ledger_usage_until where {scope}),
mark as not materialized (select * from ledger_balance_mark where {scope}),
seal as not materialized (select * from ledger_seal where {scope}),
key as not materialized (select * from ledger_key where {scope}),
reservation as not materialized (select * from ledger_reservation where {scope}),
part as not materialized (
    select r.customer_id, r.id as reservation_id, r.state, x.lot_id, x.split, x.used
    from reservation r, unnest(r.lots, r.split, r.used) x(lot_id, split, used)
),
-- Both sides of every transfer of credits, credits positive.
side as not materialized (
    select customer_id, lot_id, credit as account, amount from transfer where unit = 'CR'
    union all
    select customer_id, lot_id, debit, -amount from transfer where unit = 'CR'
),
clock as materialized (select ledger_now() as now)
"""
