"""What calls earn is shared as it is recognised: later, in batches of customers, up to a version of
each wallet. Nothing that spends waits for it, or is waited for.

Who accrues goes one after the other, and each batch is one database transaction: its shares, the
entries of the house's book, and how far it came. So it may end anywhere, and again is nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from accounts.models import HOUSE_ID
from billing.books import locks
from billing.books.rows import rows
from billing.models import Partner, PartnerTerm
from billing.partners.accruing_sql import ACCRUE
from ledger import services
from ledger.services import Leg

CUSTOMERS_AT_ONCE: Final = 200
KIND: Final = "partner-share"
BACK: Final = "partner-share-back"
EXPENSE, PAYABLE = "6400", "2500"

_WAITING = """
select w.customer_id from ledger_wallet w
    left join billing_partnerwatermark d on d.customer_id = w.customer_id
where w.version > coalesce(d.version, 0) and w.customer_id > %(last)s
    and w.customer_id <> %(house)s
order by w.customer_id limit %(many)s
"""
# A few calls are looked up among very many, by their keys.
_BY_KEYS = "set local enable_seqscan = {0}; set local enable_hashjoin = {0}"
_NOBODY = UUID(int=0)


def accrue_all() -> int:
    """How many lines were entered. At once again: none."""
    if not PartnerTerm.objects.exists():
        return 0
    return sum(accrue(customers) for customers in _batches())


@transaction.atomic
def accrue(customers: Sequence[UUID]) -> int:
    """The share in what these have used since the last time."""
    locks.partners()
    if not PartnerTerm.objects.exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_BY_KEYS.format("off"))
        found = rows(ACCRUE, {"customers": list(customers)})
        cursor.execute(_BY_KEYS.format("on"))
    entries: defaultdict[tuple[UUID, date], list[Leg]] = defaultdict(list)
    for partner_id, posted_on, currency, amount in found:
        if amount:
            entries[partner_id, posted_on].append(_leg(amount, currency))
    partners = Partner.objects.in_bulk({partner_id for partner_id, _ in entries})
    for (partner_id, posted_on), legs in entries.items():
        _post(partners[partner_id], posted_on, legs)
    return len(found)


def _leg(amount: int, currency: str) -> Leg:
    sides = (EXPENSE, PAYABLE) if amount > 0 else (PAYABLE, EXPENSE)
    return Leg(*sides, abs(amount), currency)


def _post(partner: Partner, posted_on: date, legs: Sequence[Leg]) -> None:
    """What is taken back is an entry of its own."""
    for kind, debit in ((KIND, EXPENSE), (BACK, PAYABLE)):
        money = [leg for leg in legs if leg.debit == debit]
        if money:
            services.post(
                HOUSE_ID, kind=kind, money=money, posted_on=posted_on, document=partner.reference
            )


def _batches() -> Iterator[list[UUID]]:
    last = _NOBODY
    while True:
        asked = {"last": last, "many": CUSTOMERS_AT_ONCE, "house": HOUSE_ID}
        customers = [customer for (customer,) in rows(_WAITING, asked)]
        if not customers:
            return
        yield customers
        last = customers[-1]
