"""What the page of usage is asked for: days, which of their calls, and how its chart shows them."""

from typing import Final, NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict

from accounts import ids
from accounts.errors import InvalidId
from accounts.models import ApiKey, Customer
from billing.portal import days
from billing.portal.days import Days
from ledger import selectors, usage
from ledger.prices.pricing import OUTCOMES
from ledger.usage import Dimension, Used

# In an address: those calls that say nothing of it.
NONE: Final = "-"
CREDITS, CALLS = "credits", "calls"
SPLITS: Final = (Dimension.ENDPOINT, Dimension.KEY, Dimension.OUTCOME)

_OUTCOMES: Final = {
    "success": "Success",
    "client_error": "Client error",
    "server_error": "Server error",
    "timeout": "Timeout",
    "partial": "Partial",
    NONE: "No outcome said",
}
_UNSAID: Final = {
    Dimension.ENDPOINT: "No endpoint",
    Dimension.KEY: "No key",
    Dimension.OUTCOME: _OUTCOMES[NONE],
}


class Narrowed(NamedTuple):
    """To calls of which `dimension` is `value`, as the address says it, and in words."""

    dimension: Dimension
    value: str
    words: str

    @property
    def name(self) -> str:
        return self.dimension.value


class Asked(NamedTuple):
    """`error` says what was wrong: then no call is left out for it."""

    days: Days
    narrowed: tuple[Narrowed, ...]
    unit: str
    split: Dimension
    error: str = ""

    @property
    def kept(self) -> dict[str, str]:
        """All but the days, as the address says it."""
        said = {one.dimension.value: one.value for one in self.narrowed}
        return said | {"unit": self.unit, "split": self.split.value}

    @property
    def ways_back(self) -> list[tuple[Narrowed, str]]:
        """Each with the address of the page without it."""
        return [(one, self.address(**{one.name: ""})) for one in self.narrowed]

    def address(self, **changed: str) -> str:
        """Of the page with something else in the place of what is asked; empty takes it away."""
        found = {name: value for name, value in (self.kept | changed).items() if value}
        return f"{self.days.query}&{urlencode(found)}"

    def has(self, used: Used) -> bool:
        return all(value_of(used, one.dimension) == one.value for one in self.narrowed)


def asked(query: QueryDict, customer: Customer) -> Asked:
    asked_days = days.asked(query, customer)
    known = {
        Dimension.ENDPOINT: lambda value: _endpoint(value, customer, asked_days),
        Dimension.KEY: lambda value: _key(value, customer),
        Dimension.OUTCOME: _outcome,
    }
    narrowed, errors = [], []
    for dimension in SPLITS:
        value = query.get(dimension.value, "").strip()
        if not value:
            continue
        words = _UNSAID[dimension] if value == NONE else known[dimension](value)
        if words:
            narrowed.append(Narrowed(dimension, value, words))
        else:
            errors.append(_UNKNOWN[dimension].format(value[:100]))
    unit, split = query.get("unit") or CREDITS, query.get("split") or Dimension.ENDPOINT.value
    if unit not in (CREDITS, CALLS):
        errors.append("A chart is of credits or of calls.")
    if split not in list(SPLITS):
        errors.append("A chart is split by endpoint, key or outcome.")
    return Asked(
        asked_days,
        tuple(narrowed),
        unit if unit in (CREDITS, CALLS) else CREDITS,
        Dimension(split) if split in list(SPLITS) else Dimension.ENDPOINT,
        " ".join(errors),
    )


def value_of(used: Used, dimension: Dimension) -> str:
    """As the address says it."""
    if dimension is Dimension.ENDPOINT:
        return used.group.endpoint or NONE
    if dimension is Dimension.KEY:
        return ids.encode(ids.KEY, used.group.key) if used.group.key else NONE
    return used.group.outcome or NONE


def words_of(used: Used, dimension: Dimension) -> str:
    if dimension is Dimension.ENDPOINT:
        return used.group.endpoint or _UNSAID[dimension]
    if dimension is Dimension.KEY:
        return _of_key(used.key) if used.key else _UNSAID[dimension]
    return outcome_in_words(used.group.outcome)


def outcome_in_words(outcome: str | None) -> str:
    return _OUTCOMES.get(outcome or NONE, outcome or "")


_UNKNOWN: Final = {
    Dimension.ENDPOINT: "There is no endpoint “{}”: all endpoints are shown.",
    Dimension.KEY: "Your company has no such key: all keys are shown.",
    Dimension.OUTCOME: "There is no outcome “{}”: all outcomes are shown.",
}


def _endpoint(value: str, customer: Customer, days: Days) -> str:
    """Of another customer's own endpoints nothing is said, not even that they are there."""
    prices = selectors.prices_of(customer.id, selectors.now())
    if any(price.endpoint.code == value for price in prices):
        return value
    called = usage.sums(customer.id, days.period, [Dimension.ENDPOINT])
    return value if any(one.group.endpoint == value for one in called) else ""


def _key(value: str, customer: Customer) -> str:
    try:
        key = ApiKey.objects.filter(id=ids.decode(ids.KEY, value), customer=customer).first()
    except InvalidId:
        return ""
    return _of_key(key) if key else ""


def _of_key(key: ApiKey) -> str:
    return f"{key.name} ({key.prefix}…)" if key.name else f"{key.prefix}…"


def _outcome(value: str) -> str:
    return _OUTCOMES[value] if value in OUTCOMES else ""
