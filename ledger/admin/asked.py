"""Which rows of history staff ask for, read from a page's address. What makes no sense is told, and
then nothing is shown: rows or sums that leave out a filter would say what is not so."""

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.utils.dateparse import parse_date

from accounts import ids, request_ids
from accounts.admin import keys_named
from accounts.errors import InvalidId
from accounts.models import ApiKey, Customer
from ledger import periods
from ledger.admin import searching
from ledger.ids import LOT, RESERVATION, TRANSACTION, decode_reservation
from ledger.models import Endpoint, ReservationState
from ledger.periods import Period
from ledger.prices.pricing import OUTCOMES
from ledger.windows import places
from ledger.windows.filters import Filters
from ledger.windows.places import Place

CUSTOMERS_MAX: Final = 20
LONGEST: Final = 255
# Not filters: where the page begins, and what Django's admin says in addresses.
OTHERS: Final = ("below", "so_far", "_changelist_filters")

_WORD: Final = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
_ACCOUNT: Final = re.compile(r"[0-9]{4}|U[0-9]{2}")
_UNIT: Final = re.compile(r"credits|money|[A-Z]{3}")
NO_PLACE: Final = "This link is not whole: ask for the list anew."


class Asked(NamedTuple):
    """`said`: the filters as they were typed. With `errors`, nothing is shown. `several`: those who
    are called so, of whom one has to be chosen."""

    filters: Filters
    said: dict[str, str]
    below: Place | None
    errors: list[str]
    customer: Customer | None = None
    several: tuple[Customer, ...] = ()

    @property
    def query(self) -> str:
        return urlencode(self.said)

    @property
    def is_all(self) -> bool:
        return not self.errors and not self.several

    def of(self, customer: Customer) -> str:
        """The same of one of those who were meant."""
        kept = {name: text for name, text in self.said.items() if name not in ("q", "customer")}
        return urlencode(kept | {"customer": ids.encode(ids.CUSTOMER, customer.id)})


class Refused(Exception):
    """Why a filter makes no sense."""


class Several(Exception):
    def __init__(self, customers: Collection[Customer]) -> None:
        self.customers = tuple(customers)


def asked(query: QueryDict, known: Collection[str]) -> Asked:
    """`known`: the filters of this list."""
    said = {name: text for name in known if (text := query.get(name, "").strip())}
    errors = [
        f"This list has no filter called {name[:50]!r}."
        for name in query
        if name not in known and name not in OTHERS
    ]
    filters = Filters()
    several: tuple[Customer, ...] = ()
    for read in READERS:
        try:
            filters = read(filters, said, known)
        except Refused as refused:
            errors.append(str(refused))
        except Several as found:
            several = found.customers
    named = [filters.customer_id] if filters.customer_id else []
    customer = Customer.objects.filter(id__in=named).first()
    return Asked(filters, said, _below(query, errors), errors, customer, several)


def _below(query: QueryDict, errors: list[str]) -> Place | None:
    text = query.get("below", "")
    try:
        return places.read(text) if text else None
    except ValueError:
        errors.append(NO_PLACE)
        return None


def _texts(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
    """First of all: what the database would not take."""
    for name, text in said.items():
        if len(text) > LONGEST or not text.isprintable():
            said[name] = ""
            raise Refused(f"{name}: at most {LONGEST} letters, digits and signs, on one line.")
    return filters


def _customer(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
    text = said.get("customer", "")
    return _of_customer(filters, text) if text else filters


def _of_customer(filters: Filters, text: str) -> Filters:
    """By an id, or by what it is called. Raises Refused, Several."""
    try:
        found = list(Customer.objects.filter(id=ids.decode(ids.CUSTOMER, text)))
    except InvalidId:
        found = list(searching.customers(text)[: CUSTOMERS_MAX + 1])
    if not found:
        raise Refused(f"No customer is called {text!r}, and none has this id, e-mail or key.")
    if len(found) > 1:
        raise Several(found)
    return filters._replace(customer_id=found[0].id)


def _key(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
    text = said.get("key", "")
    return _of_key(filters, text) if text else filters


def _of_key(filters: Filters, text: str) -> Filters:
    found = list(ApiKey.objects.filter(keys_named(text))[:2])
    if filters.customer_id is not None:
        found = [key for key in found if key.customer_id == filters.customer_id]
    if len(found) != 1:
        what = "Several keys begin" if found else "No key has this id, and none begins"
        raise Refused(f"{what} like that{', of this customer' * bool(filters.customer_id)}.")
    return filters._replace(key_id=found[0].id, customer_id=found[0].customer_id)


def _search(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
    """An id, or whatever a customer or a request is called."""
    text = said.get("q", "")
    if not text:
        return filters
    named = _NAMED.get(text.partition("_")[0])
    try:
        if named is not None:
            return named(filters, text)
    except InvalidId:
        raise Refused(f"There is no {text.partition('_')[0]} like that: is it whole?") from None
    if ApiKey.objects.filter(keys_named(text)).exists() and "key" in known:
        return _of_key(filters, text)
    is_called = searching.customers(text).exists()
    if is_called or "request" not in known:
        return _of_customer(filters, text)
    if not request_ids.is_one(text):
        raise Refused("No customer is called so, and no request can be.")
    return filters._replace(request_id=text)


def _reservation(filters: Filters, text: str) -> Filters:
    name = decode_reservation(text)
    return filters._replace(customer_id=name.customer_id, reservation_id=name.id)


def _transaction(filters: Filters, text: str) -> Filters:
    id = ids.decode(TRANSACTION, text)
    return filters._replace(customer_id=_owner(TRANSACTION, id), transaction_id=id)


def _lot(filters: Filters, text: str) -> Filters:
    id = ids.decode(LOT, text)
    return filters._replace(customer_id=_owner(LOT, id), lot_id=id)


def _owner(prefix: str, id: UUID) -> UUID:
    """Every key of history starts with the customer."""
    found = searching.OWNED[prefix].filter(id=id).values_list("customer_id", flat=True)[:2]
    if not found:
        raise Refused(f"There is no {prefix} like that.")
    owner: UUID = found[0]
    return owner


_NAMED: Final[dict[str, Callable[[Filters, str], Filters]]] = {
    ids.CUSTOMER: _of_customer,
    ids.KEY: _of_key,
    RESERVATION: _reservation,
    TRANSACTION: _transaction,
    LOT: _lot,
}


def _lot_field(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
    text = said.get("lot", "")
    try:
        return _lot(filters, text) if text else filters
    except InvalidId:
        raise Refused("lot: its whole id, lot_ and 32 digits.") from None


def _period(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
    """Days, both included."""
    first, last = _day(said, "from"), _day(said, "to")
    start = _begins(first) if first else periods.FIRST
    end = _begins(last + timedelta(days=1)) if last else periods.LAST
    if start >= end:
        raise Refused("The first day is after the last: the other way round?")
    return filters._replace(period=Period(start, end))


def _day(said: dict[str, str], name: str) -> date | None:
    text = said.get(name, "")
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year < 9000:
        raise Refused(f"{name}: a day such as 2026-11-21.")
    return day


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _month(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
    text = said.get("month", "")
    if not text:
        return filters
    day = _day({"month": f"{text}-01"}, "month") if re.fullmatch(r"\d{4}-\d{2}", text) else None
    if day is None:
        raise Refused("month: of the books, such as 2026-11.")
    return filters._replace(month=day)


def _endpoint(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
    text = said.get("endpoint", "")
    if text and not Endpoint.objects.filter(code=text).exists():
        raise Refused(f"There is no endpoint {text!r}.")
    return filters._replace(endpoint=text)


def _word(
    field: str, allowed: re.Pattern[str] | Collection[str], told: str
) -> Callable[[Filters, dict[str, str], Collection[str]], Filters]:
    def read(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
        text = said.get(field, "")
        if not text:
            return filters
        is_one = (
            allowed.fullmatch(text) is not None
            if isinstance(allowed, re.Pattern)
            else text in allowed
        )
        if not is_one:
            raise Refused(f"{field}: {told}")
        changed: dict[str, Any] = {field: text}
        return filters._replace(**changed)

    return read


def _request(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
    text = said.get("request", "")
    if text and not request_ids.is_one(text):
        raise Refused("request: no request can have this id.")
    return filters._replace(request_id=text) if text else filters


def _state(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
    text = said.get("state", "")
    if text and text not in ReservationState.values:
        raise Refused(f"state: one of {', '.join(ReservationState.values)}.")
    return filters._replace(state=ReservationState(text)) if text else filters


def _open(filters: Filters, said: dict[str, str], known: Collection[str]) -> Filters:
    text = said.get("open", "")
    if text not in ("", "yes", "no"):
        raise Refused("open: yes or no.")
    return filters._replace(is_open=text == "yes") if text else filters


# In this order: a key is one of a customer that is named.
READERS: Final[tuple[Callable[[Filters, dict[str, str], Any], Filters], ...]] = (
    _texts,
    _customer,
    _search,
    _key,
    _lot_field,
    _period,
    _month,
    _endpoint,
    _word("kind", _WORD, "a word such as commit."),
    _word("unit", _UNIT, "credits, money, or a currency such as EUR."),
    _word("account", _ACCOUNT, "a code such as U20 or 2100."),
    _word("outcome", OUTCOMES, f"one of {', '.join(OUTCOMES)}."),
    _request,
    _state,
    _open,
)
