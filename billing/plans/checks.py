"""What ties invoices of plans to the books, as queries that return the rows which break it."""

from typing import Final

from ledger.checks import SOURCES as LEDGER
from ledger.checks import Check, Suite

SOURCES: Final = f"""{LEDGER.rstrip()},
invoice as not materialized (
    select 'inv_' || replace(id::text, '-', '') as invoice, billing_invoice.*
    from billing_invoice where {{scope}}
),
-- What each account has to have of an invoice, debits positive. Of 2100 it is what was sold: what
-- was used of that since is no matter of the invoice.
said as not materialized (
    select customer_id, invoice, currency, x.account, x.amount
    from invoice i, lateral (values
        ('1100', case when state = 'paid' then 0 else total end),
        ('1000', case when state = 'paid' then total - coalesce(provider_fee, 0) else 0 end),
        ('6100', coalesce(provider_fee, 0)),
        ('2100', -overage), ('2120', fee_earned - fee), ('2200', -tax),
        ('4110', -arrears - fee_earned)
    ) x(account, amount)
),
entered as not materialized (
    select customer_id, document as invoice, unit as currency, x.account, sum(x.amount) as amount
    from transfer t,
        lateral (values (debit, t.amount), (credit, -t.amount)) x(account, amount)
    where starts_with(document, 'inv_') and unit <> 'CR'
        and kind in ('grant', 'invoice', 'invoice paid', 'fee earned', 'payment fee')
    group by 1, 2, 3, 4
)
"""

CHECKS: Final = Suite(
    SOURCES,
    [
        Check(
            "invoice-entries",
            "Each account of an invoice's entries is what the invoice says",
            "What is owed is a receivable until it is paid; fees are earned day by day.",
            """
            select customer_id, invoice, currency, account, coalesce(s.amount, 0) as by_invoice,
                coalesce(e.amount, 0) as by_books
            from said s full join entered e using (customer_id, invoice, currency, account)
            where coalesce(s.amount, 0) <> coalesce(e.amount, 0)
            """,
        ),
        Check(
            "invoice-overage",
            "What was used on credit and invoiced is one lot, of the invoice's price",
            "The lot covers the debt, so that its use becomes revenue as all use does.",
            """
            select customer_id, invoice, i.lot as lot_id, i.overage, l.price
            from (select * from invoice where overage > 0) i
                full join (
                    select customer_id, id as lot, document as invoice, price
                    from lot_row where starts_with(document, 'inv_')
                ) l using (customer_id, invoice, lot)
            where i.overage is distinct from l.price
            """,
        ),
        Check(
            "invoice-paper",
            "An invoice is on paper, and was paid once where it is paid",
            "Whoever is asked for money has a numbered document that says what for.",
            """
            select i.customer_id, i.invoice, i.state, count(b.id) as papers, c.paid
            from invoice i
                left join billing_document b on b.invoice_id = i.id and b.kind = 'invoice',
                lateral (
                    select count(*) as paid from billing_invoicecharge c
                    where c.invoice_id = i.id and c.state = 'paid'
                ) c
            group by 1, 2, 3, 5
            having count(b.id) <> 1 or c.paid <> case when i.state = 'paid' then 1 else 0 end
            """,
        ),
    ],
)
