"""Which calls the log is asked for, and what of that made no sense."""

from collections.abc import Collection
from typing import Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from accounts import ids, selectors
from accounts.errors import InvalidId
from accounts.models import ApiKey, Customer
from billing.portal import days
from billing.portal.days import Days
from ledger import call_news, call_search, periods
from ledger.call_log import Filters
from ledger.models import ReservationState
from ledger.periods import Period
from ledger.prices.pricing import OUTCOMES

OUTCOME_NAMES: Final = {
    "success": "Success",
    "client_error": "Client error",
    "server_error": "Server error",
    "timeout": "Timeout",
    "partial": "Partial",
}
# Longer than any code of an endpoint.
_CODE_MAX: Final = 100

NOT_FOUND: Final = "There is no {} like that: this is without it."
NO_NAME: Final = (
    f"What you look for has at most {call_search.LONGEST} letters, digits and signs, and no line "
    "breaks."
)
NO_PLACE: Final = "This link is not whole: these are the newest calls."


class Choice(NamedTuple):
    value: str
    text: str


class Asked(NamedTuple):
    """`errors` say what was left out, and why. With a `search`, days and filters say nothing."""

    customer: Customer
    days: Days
    endpoint: str
    key: ApiKey | None
    outcome: str
    state: str
    search: str
    below: UUID | None
    errors: list[str]

    @property
    def filters(self) -> Filters:
        return Filters(
            self.period,
            endpoint=self.endpoint or None,
            key_id=self.key.id if self.key else None,
            state=ReservationState(self.state) if self.state else None,
            outcome=self.outcome or None,
        )

    @property
    def period(self) -> Period:
        """Until today is until now, whatever the day is by then, or by a sandbox's clock."""
        period = self.days.period
        return period._replace(end=periods.LAST) if self.is_until_now else period

    @property
    def is_until_now(self) -> bool:
        return self.days.last >= self.days.today

    @property
    def is_live(self) -> bool:
        """New calls would stand on the page."""
        return self.is_until_now and self.below is None and not self.search

    @property
    def kept(self) -> dict[str, str]:
        """The filters, without the days."""
        found = {
            "endpoint": self.endpoint,
            "key": ids.encode(ids.KEY, self.key.id) if self.key else "",
            "outcome": self.outcome,
            "state": self.state,
        }
        return {name: value for name, value in found.items() if value}

    @property
    def keep(self) -> str:
        return urlencode(self.kept)

    @property
    def query(self) -> str:
        """All of it but where the page begins."""
        if self.search:
            return urlencode({"q": self.search})
        told = dict(self.kept)
        # The last days are the last ones tomorrow, too, where a page is still open.
        if self.days != days.asked(QueryDict(), self.customer):
            told |= {"from": str(self.days.first), "to": str(self.days.last)}
        return urlencode(told)


def asked(customer: Customer, query: QueryDict) -> Asked:
    errors: list[str] = []
    return Asked(
        customer,
        days.asked(query, customer),
        _endpoint(query, errors),
        _key(customer, query, errors),
        _one_of(query, "outcome", OUTCOMES, errors),
        _one_of(query, "state", ReservationState.values, errors),
        _search(query, errors),
        _below(query, errors),
        errors,
    )


def endpoints(found: Asked) -> list[Choice]:
    codes = call_news.endpoints(found.customer.id)
    return [Choice(code, code) for code in sorted({*codes, *filter(None, [found.endpoint])})]


def keys(customer: Customer) -> list[Choice]:
    """Those that were revoked made calls, too."""
    found = selectors.api_keys_of(customer)
    return [Choice(ids.encode(ids.KEY, key.id), f"{key.name} ({key.prefix}…)") for key in found]


def states() -> list[Choice]:
    return [Choice(value, label) for value, label in ReservationState.choices]


def outcomes() -> list[Choice]:
    return [Choice(value, name) for value, name in OUTCOME_NAMES.items()]


def _endpoint(query: QueryDict, errors: list[str]) -> str:
    text = query.get("endpoint", "")
    if len(text) > _CODE_MAX or not text.isprintable():
        errors.append(NOT_FOUND.format("endpoint"))
        return ""
    return text


def _key(customer: Customer, query: QueryDict, errors: list[str]) -> ApiKey | None:
    text = query.get("key", "")
    if not text:
        return None
    try:
        key = customer.api_keys.filter(id=ids.decode(ids.KEY, text)).first()
    except InvalidId:
        key = None
    if key is None:
        errors.append(NOT_FOUND.format("key"))
    return key


def _one_of(query: QueryDict, field: str, known: Collection[str], errors: list[str]) -> str:
    text = query.get(field, "")
    if text and text not in known:
        errors.append(NOT_FOUND.format(field))
        return ""
    return text


def _search(query: QueryDict, errors: list[str]) -> str:
    text = query.get("q", "").strip()
    if len(text) > call_search.LONGEST or not text.isprintable():
        errors.append(NO_NAME)
        return ""
    return text


def _below(query: QueryDict, errors: list[str]) -> UUID | None:
    text = query.get("below", "")
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        errors.append(NO_PLACE)
        return None
