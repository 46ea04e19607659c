"""Everything belongs to somebody."""

from ledger.checks.base import Check

CHECKS = [
    Check(
        "orphans",
        "Every wallet has a customer, and every row a wallet and its lots",
        "Everything of a customer stays under that customer.",
        """
        select customer_id, x.of, x.id from (
            select customer_id, 'wallet' as of, null::uuid as id from wallet
            union all select customer_id, 'event', id from event
        ) x where not exists (select from accounts_customer c where c.id = x.customer_id)
        union all
        select customer_id, x.of, x.id from (
            select customer_id, 'lot' as of, id from lot_row
            union all select customer_id, 'hold', id from hold
            union all select customer_id, 'call', id from call
            union all select customer_id, 'transfer', id from transfer
            union all select customer_id, 'key', key from key
        ) x where not exists (select from ledger_wallet w where w.customer_id = x.customer_id)
        union all
        select customer_id, x.of, x.id from (
            select customer_id, 'lot of a transfer' as of, id, lot_id from transfer
            union all select customer_id, 'lot of a reservation', reservation_id, lot_id from part
        ) x
        where lot_id is not null and not exists (
            select from ledger_lot l where l.customer_id = x.customer_id and l.id = x.lot_id)
        """,
    ),
]
