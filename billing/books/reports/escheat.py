"""What the state may claim (accounting rules, 8.7; ASC 606-10-55-49)."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet

from accounts import ids
from billing.books.cohorts import last_day
from billing.books.reports.table import Column, Row, Table, total
from billing.books.rows import named_rows
from billing.models import UnclaimedProperty, UnclaimedState
from ledger.ids import LOT

_COLUMNS = (
    Column("jurisdiction", "Jurisdiction", "text"),
    Column("dormant_on", "To be reported from", "date"),
    Column("customer", "Customer", "text"),
    Column("lot", "Lot", "text"),
    Column("escheated_on", "Reclassified on", "date"),
    Column("credits", "Credits", "credits"),
    Column("amount", "2300", "money"),
    Column("state", "State", "text"),
    Column("settled_on", "Settled on", "date"),
    Column("reference", "Reference", "text"),
)
_BY_JURISDICTION = (
    Column("jurisdiction", "Jurisdiction", "text"),
    Column("lots", "Lots held", "number"),
    Column("held", "Held", "money"),
    Column("reportable", "Of which to be reported", "money"),
)
# Of what was not yet remitted or returned on that day.
_HELD = """
select u.currency, coalesce(c.name, 'Not known') as jurisdiction, count(*) as lots,
    sum(u.amount)::bigint as held,
    coalesce(sum(u.amount) filter (where u.dormant_on <= %(end)s), 0)::bigint as reportable
from billing_unclaimedproperty u left join billing_escheatclass c on c.id = u.escheat_class_id
where u.escheated_on <= %(end)s and coalesce(u.settled_on > %(end)s, true)
group by 1, 2 order by 1, 2
"""


class Register:
    """The lines of one currency as they stood on a day: read anew each time, a few at once."""

    def __init__(self, currency: str, as_of: date) -> None:
        self.found = _of(as_of).filter(currency=currency)
        self.as_of = as_of

    def __iter__(self) -> Iterator[Row]:
        return (_row(one, self.as_of) for one in self.found.iterator(chunk_size=500))


def report(month: date) -> list[Table]:
    """Of each currency by jurisdiction, and then the register itself."""
    as_of = last_day(month)
    held = named_rows(_HELD, {"end": as_of})
    currencies = _of(as_of).order_by("currency").values_list("currency", flat=True).distinct()
    tables = []
    for currency in currencies:
        tables.append(_by_jurisdiction(currency, [r for r in held if r["currency"] == currency]))
        tables.append(
            Table(
                f"escheat-{currency}",
                f"Escheat register, {currency}",
                _COLUMNS,
                Register(currency, as_of),
                currency,
            )
        )
    return tables


def _by_jurisdiction(currency: str, held: list[dict[str, Any]]) -> Table:
    return Table(
        f"escheat-{currency}-by-jurisdiction",
        f"Unclaimed property by jurisdiction, {currency}",
        _BY_JURISDICTION,
        held,
        currency,
        total(_BY_JURISDICTION, held),
        "Account 2300. It never becomes revenue.",
    )


def _of(as_of: date) -> QuerySet[UnclaimedProperty]:
    until_then = UnclaimedProperty.objects.filter(Q(escheated_on__lte=as_of))
    return until_then.select_related("escheat_class", "customer").order_by(
        "escheat_class__name", F("dormant_on").asc(nulls_last=True), "id"
    )


def _row(one: UnclaimedProperty, as_of: date) -> Row:
    settled = one.settled_on is not None and one.settled_on <= as_of
    return {
        "jurisdiction": one.escheat_class.name if one.escheat_class else "Not known",
        "dormant_on": one.dormant_on,
        "customer": f"{one.customer.name} ({ids.encode(ids.CUSTOMER, one.customer_id)})",
        "lot": ids.encode(LOT, one.lot_id),
        "escheated_on": one.escheated_on,
        "credits": one.credits,
        "amount": one.amount,
        "state": one.state if settled else UnclaimedState.HELD.value,
        "settled_on": one.settled_on if settled else None,
        "reference": one.reference if settled else "",
    }
