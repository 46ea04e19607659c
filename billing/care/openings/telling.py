"""What a file of opening balances comes to, and what stands in its way, as things are now."""

from typing import NamedTuple

from django.db.models import Count, Max, Min, Q, Sum

from accounts.models import CustomerStatus
from billing.models import OpeningImport, OpeningLine
from billing.sheets.problems import SHOWN_MAX, Problem
from ledger import selectors
from ledger.amounts import LIMIT


class Total(NamedTuple):
    """Of one kind and currency; micro-credits and minor units."""

    kind: str
    currency: str
    lots: int
    credits: int
    deferred: int


class Preview(NamedTuple):
    totals: list[Total]
    known: int  # customers that are there already
    new: int  # customers that are made

    @property
    def credits(self) -> int:
        return sum(total.credits for total in self.totals)

    @property
    def deferred(self) -> dict[str, int]:
        """By currency: what is entered from 3900 to 2100."""
        found: dict[str, int] = {}
        for total in self.totals:
            if total.deferred:
                found[total.currency] = found.get(total.currency, 0) + total.deferred
        return dict(sorted(found.items()))


def preview(batch: OpeningImport) -> Preview:
    lines = OpeningLine.objects.filter(batch=batch)
    totals = (
        lines.order_by("kind", "currency")
        .values_list("kind", "currency")
        .annotate(Count("id"), Sum("credits"), Sum("deferred"))
    )
    return Preview(
        [Total(*row) for row in totals],
        lines.filter(customer__isnull=False).aggregate(n=Count("customer", distinct=True))["n"],
        lines.filter(customer=None).values("external_id", "email").distinct().count(),
    )


def problems(batch: OpeningImport) -> list[Problem]:
    """Of lines that were right when they were uploaded, and are not any more."""
    lines = OpeningLine.objects.filter(batch=batch).order_by("row")
    over = lines.filter(expires_at__lte=selectors.now())
    closed = lines.filter(customer__status=CustomerStatus.CLOSED).select_related("customer")
    found = [Problem(line.row, "expires_at", "This is over by now.") for line in over[:SHOWN_MAX]]
    found += [
        Problem(line.row, "customer_id", f"The account of {line.customer} was closed.")
        for line in closed[:SHOWN_MAX]
    ]
    return [*found, *_too_many(batch)][:SHOWN_MAX]


def _too_many(batch: OpeningImport) -> list[Problem]:
    """More than a wallet can be given at once."""
    sums = (
        OpeningLine.objects.filter(batch=batch)
        .values("customer", "external_id", "email")
        .annotate(sum=Sum("credits"), row=Min("row"))
        .filter(sum__gt=LIMIT)
    )
    return [
        Problem(one["row"], "credits", "This customer's lots are too many credits together.")
        for one in sums[:SHOWN_MAX]
    ]


def purchased_between(batch: OpeningImport) -> tuple[object, object]:
    """The first and the last purchase of what has money."""
    found = OpeningLine.objects.filter(Q(deferred__gt=0), batch=batch)
    ends = found.aggregate(first=Min("purchased_at"), last=Max("purchased_at"))
    return ends["first"], ends["last"]
