"""What a price would leave if its calls were paid for with credits of the cheapest pack.

Quantities are those that calls of the endpoint had on average; where there were none, what the
price is for one of its steps. Of tiers the cheapest counts: a price is to carry its cost for the
biggest customers too.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Q
from moneyed import get_currency

from billing.books.rows import rows, value
from billing.models import EndpointCost, Pack, PartnerTerm, Policy
from ledger import selectors
from ledger.amounts import CREDIT
from ledger.models import Price

Quantities = Mapping[tuple[int, str], Decimal]


class Expected(NamedTuple):
    """Of a call at the list price of one currency, in whole units of `currency`: what it earns us,
    after a partner's share, and what it costs."""

    endpoint: int
    pack_currency: str
    currency: str
    net: Decimal
    cost: Decimal

    @property
    def part(self) -> Decimal | None:
        return (self.net - self.cost) / self.net if self.net else None

    def is_under(self, target: Decimal) -> bool:
        return self.net - self.cost < target * self.net or (not self.net and self.cost > 0)


class Unit(NamedTuple):
    """A quantity's price: micro-credits for every `size`."""

    name: str
    size: int
    amount: Decimal


def expected(prices: Iterable[Price], quantities: Quantities) -> list[Expected]:
    """For each endpoint that has a cost, in each currency that packs are sold in. What there is no
    rate for is left out."""
    values = credit_values()
    to = next(iter(values)) if len(values) == 1 else Policy.current().functional_currency
    today = value("select ledger_day(ledger_now())")
    rates = _rates(to, today)
    costs = _costs(today)
    shares = _shares()
    found = []
    for price in prices:
        components = costs.get(price.endpoint_id, [])
        cost = _cost(components, price, quantities, rates)
        if not components or cost is None:
            continue
        charged = charge(price, quantities)
        kept = charged - _share(charged, shares.get(price.endpoint_id))
        for currency, worth in values.items():
            if currency in rates:
                net = kept * worth * rates[currency]
                found.append(Expected(price.endpoint_id, currency, to, net, cost))
    return found


def credit_values() -> dict[str, Decimal]:
    """What a credit costs in the cheapest pack of each currency, in whole units of it."""
    now = selectors.now()
    on_sale = Pack.objects.filter(
        Q(active_until=None) | Q(active_until__gt=now), active_from__lte=now, customer=None
    )
    values: dict[str, Decimal] = {}
    for pack in on_sale.prefetch_related("prices"):
        credits = Decimal(pack.credits + pack.bonus_credits) / CREDIT
        for price in pack.prices.all():
            currency, worth = price.price.currency.code, price.price.amount / credits
            values[currency] = min(values.get(currency, worth), worth)
    return dict(sorted(values.items()))


def charge(price: Price, quantities: Quantities) -> Decimal:
    """Credits of a call, on average."""
    amount = Decimal(price.per_call)
    for unit in units(price):
        amount += unit.amount * _quantity(price, unit.name, quantities) / unit.size
    if (least := getattr(price, "minimum", None)) is not None:
        amount = max(amount, Decimal(least))
    if (most := getattr(price, "maximum", None)) is not None:
        amount = min(amount, Decimal(most))
    return amount / CREDIT


def units(price: Any) -> list[Unit]:
    """Of a price that names one quantity, or that lists its units."""
    if hasattr(price, "units"):
        return [Unit(one["name"], int(one["size"]), Decimal(_cheapest(one))) for one in price.units]
    if not price.quantity_name:
        return []
    return [Unit(price.quantity_name, price.quantity_size, Decimal(price.per_quantity))]


def _cheapest(unit: Mapping[str, Any]) -> int:
    tiers = unit.get("tiers") or []
    return min((int(tier["amount"]) for tier in tiers), default=int(unit["amount"]))


def _quantity(price: Price, name: str, quantities: Quantities) -> Decimal:
    if name == "calls":
        return Decimal(1)
    known = quantities.get((price.endpoint_id, name))
    sizes = (unit.size for unit in units(price) if unit.name == name)
    return known if known is not None else Decimal(next(sizes, 1))


def _costs(today: date) -> dict[int, list[EndpointCost]]:
    """What holds today, of each endpoint."""
    holding: dict[tuple[int, str], EndpointCost] = {}
    for cost in EndpointCost.objects.filter(starts_on__lte=today).order_by("starts_on"):
        holding[cost.endpoint_id, cost.quantity] = cost
    found: dict[int, list[EndpointCost]] = {}
    for (endpoint, _), cost in holding.items():
        found.setdefault(endpoint, []).append(cost)
    return found


def _cost(
    components: Iterable[EndpointCost],
    price: Price,
    quantities: Quantities,
    rates: Mapping[str, Decimal],
) -> Decimal | None:
    total = Decimal(0)
    for one in components:
        if one.currency not in rates:
            return None
        quantity = _quantity(price, one.quantity, quantities) if one.quantity else Decimal(1)
        total += one.amount * quantity * rates[one.currency]
    return total


def _shares() -> dict[int, PartnerTerm]:
    now = selectors.now()
    holding = PartnerTerm.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)
    return {term.endpoint_id: term for term in holding}


def _share(charged: Decimal, term: PartnerTerm | None) -> Decimal:
    if term is None:
        return Decimal(0)
    if term.credits is not None:
        return min(Decimal(term.credits) / CREDIT, charged)
    return charged * (term.percent or Decimal(0)) / 100


def _rates(to: str, today: date) -> dict[str, Decimal]:
    """The last of each currency."""
    found = rows(
        'select distinct on (currency) currency, rate from billing_exchangerate where "to" = %(to)s'
        " and day <= %(today)s order by currency, day desc",
        {"to": to, "today": today},
    )
    return {get_currency(to).code: Decimal(1), **dict(found)}
