"""An amount that was used, over the lots of its payment."""

from collections.abc import Iterator
from uuid import UUID

from billing.books.allocation import largest_remainder
from billing.books.rows import rows
from billing.models import Payment
from ledger.models import Lot

# In minor units: what the books have of each as used or held, after what went back.
_VALUE = """
select lot_id, -sum(amount)::bigint from ledger_posting
where customer_id = %(customer)s and lot_id = any(%(lots)s) and unit <> 'CR'
    and account in ('2100', '4100', '4310')
group by 1
"""


def over_lots(payment: Payment, amount: int) -> Iterator[tuple[UUID, int]]:
    """Minor units of each, by what was used of its price net of what went back, so that it leaves
    its cohort with its own part (E11c). What is held counts as used until it is free. Where
    nothing was, because the credits have expired or were moved, it goes by the credits sold."""
    customer = payment.purchase.customer_id
    lots = list(Lot.objects.filter(customer_id=customer, id__in=payment.lots).order_by("seq"))
    values = dict(rows(_VALUE, {"customer": customer, "lots": payment.lots}))
    weights = [max(values.get(lot.id, 0), 0) for lot in lots]
    parts = largest_remainder(amount, weights if any(weights) else [lot.units for lot in lots])
    for lot, part in zip(lots, parts, strict=True):
        if part:
            yield lot.id, part
