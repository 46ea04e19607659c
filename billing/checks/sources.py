"""What the checks read: the ledger's sources, and payments with what came of them, under the names
that their entries carry. Minor units.

`said` is what each payment says that its accounts must be, and `entry` what was entered for it:
debits positive. As 2100 it says what is deferred together with what a lost dispute left (1100,
4310, 6300), which is one sum whatever was used.
"""

from typing import Final

from ledger.checks import SOURCES as LEDGER

SOURCES: Final = f"""{LEDGER.rstrip()},
purchase as not materialized (
    select 'pur_' || replace(id::text, '-', '') as purchase, billing_purchase.*
    from billing_purchase where {{scope}}
),
partner_share as not materialized (select * from billing_partnershare where {{scope}}),
payment as not materialized (
    select x.customer_id, x.purchase, x.currency, p.*
    from purchase x join billing_payment p on p.purchase_id = x.id
),
refund as not materialized (
    select p.customer_id, p.purchase, p.currency, p.lots as payment_lots,
        'ref_' || replace(r.id::text, '-', '') as refund, r.*
    from payment p join billing_refund r on r.payment_id = p.purchase_id
),
dispute as not materialized (
    select p.customer_id, p.purchase, p.currency, p.lots as payment_lots,
        d.provider_ref as dispute, d.*
    from payment p join billing_dispute d on d.payment_id = p.purchase_id
),
of_payment as not materialized (
    select *, document as purchase from transfer where starts_with(document, 'pur_')
),
entry as not materialized (
    select customer_id, purchase, unit as currency, x.account, x.amount
    from of_payment t, lateral (values (debit, t.amount), (credit, -t.amount)) x(account, amount)
    -- What becomes of credits that were paid for is no matter of the payment.
    where unit <> 'CR' and kind not in ('expire', 'escheat', 'forfeit', 'void', 'reinstate')
),
said as not materialized (
    select customer_id, purchase, currency, x.account, x.amount
    from payment p, lateral (values
        ('1000', p.amount - coalesce(fee, 0)), ('6100', coalesce(fee, 0)),
        ('2200', tax_returned - tax), ('2100', tax - p.amount - tax_returned)
    ) x(account, amount)
    union all
    select customer_id, purchase, currency, x.account, x.amount
    from refund r, lateral (values
        ('1000', case state when 'succeeded' then fee_kept - r.amount end),
        ('2400', case state when 'requested' then fee_kept - r.amount end),
        ('4400', case when state <> 'failed' then -fee_kept end),
        ('4300', case when state <> 'failed' then concession end),
        ('2100', case when state <> 'failed' then r.amount - concession end)
    ) x(account, amount)
    union all
    select customer_id, purchase, currency, x.account, x.amount
    from dispute d, lateral (values
        ('1000', fee_returned - fee - case when state <> 'won' then d.amount else 0 end),
        ('1200', case state when 'open' then d.amount end),
        ('2100', case state when 'lost' then d.amount + tax_lost end),
        ('2200', case state when 'lost' then -tax_lost end),
        ('6200', fee - fee_returned)
    ) x(account, amount)
)
"""
