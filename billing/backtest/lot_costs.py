"""What credits are worth: what was paid for the lots that they came from. A call's change is valued
at the lots that paid for it. What no lot paid (calls that were free, credit) is valued at what the
customer's other calls of the time cost on average, or, where there are none, at its lots."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final, NamedTuple
from uuid import UUID

from billing.backtest.lines import NO_LOT, OfCustomer, Sum
from billing.backtest.repricing import half_even
from ledger.models import Lot

# Of a minor unit, so that sums of lines are right to the minor unit.
MILLION: Final = 10**6

Money = dict[str, list[int]]


class LotCost(NamedTuple):
    currency: str | None
    price: int
    units: int

    @property
    def of_one(self) -> Fraction:
        """Minor units for one micro-credit."""
        return Fraction(self.price, self.units)


Costs = Mapping[str, LotCost]
Average = Mapping[str, Fraction]


def of(customers: Sequence[OfCustomer]) -> dict[UUID, Costs]:
    """The lots of these customers."""
    found: dict[UUID, dict[str, LotCost]] = {one.customer_id: {} for one in customers}
    lots = Lot.objects.filter(customer_id__in=found)
    columns = lots.values_list("customer_id", "id", "currency", "price", "units")
    for customer_id, id, currency, price, units in columns.iterator():
        found[customer_id][str(id)] = LotCost(currency, price, units)
    return dict(found)


def average(sums: Iterable[Sum], costs: Costs) -> Average:
    """Minor units for a micro-credit, by currency."""
    used: dict[str, int] = defaultdict(int)
    for one in sums:
        for name, (before, _) in one.by_lot().items():
            if name in costs:
                used[name] += before
    if not any(used.values()):
        used = {name: cost.units for name, cost in costs.items()}
    whole = sum(used.values())
    worth: dict[str, Fraction] = defaultdict(Fraction)
    for name, credits in used.items():
        cost = costs[name]
        if cost.currency and cost.price:
            worth[cost.currency] += cost.of_one * credits / whole
    return worth


def money(one: Sum, costs: Costs, average: Average) -> Money:
    """Before and after, in millionths of a minor unit."""
    exact: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(), Fraction()])
    for name, credits in one.by_lot().items():
        cost = costs.get(name)
        if cost is None or name == NO_LOT:
            rates = average
        else:
            rates = {cost.currency: cost.of_one} if cost.currency and cost.price else {}
        for currency, rate in rates.items():
            for place in (0, 1):
                exact[currency][place] += rate * credits[place]
    return {
        currency: [
            half_even((part * MILLION).numerator, (part * MILLION).denominator) for part in both
        ]
        for currency, both in exact.items()
    }
