"""A part of a customer's page: its last few rows, and the way to all of them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import ids
from accounts.models import Customer
from ledger import selectors
from ledger.admin import shown
from ledger.models import Wallet
from ledger.selectors import Balance

ROWS_MAX: Final = 10


class Looked(NamedTuple):
    """Who is looked at, by whom. `instant` is by the customer's own clock."""

    customer: Customer
    balance: Balance
    wallet: Wallet
    instant: datetime
    request: HttpRequest

    @property
    def name(self) -> str:
        return ids.encode(ids.CUSTOMER, self.customer.id)

    def may(self, permission: str) -> bool:
        return self.request.user.has_perm(permission)


class Section(NamedTuple):
    """A column whose title begins with `#` is of amounts. `all` leads to the whole list, and `more`
    is what a template of its own needs."""

    title: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    none: str = "None."
    told: str = ""
    all: str = ""
    is_wide: bool = False
    template: str = "billing/admin/customer/_table.html"
    more: Mapping[str, Any] = MappingProxyType({})

    @property
    def heads(self) -> list[tuple[str, bool]]:
        return [(column.lstrip("#"), column.startswith("#")) for column in self.columns]

    @property
    def cells(self) -> list[list[tuple[object, bool]]]:
        """With each, whether it is an amount."""
        amounts = [is_amount for _, is_amount in self.heads]
        return [list(zip(row, amounts, strict=True)) for row in self.rows]


class Part(NamedTuple):
    """A section, and who sees it."""

    anchor: str
    permission: str
    section: Callable[[Looked], Section]


def looked_at(customer: Customer, request: HttpRequest) -> Looked:
    """As of this second: what is due expires first."""
    balance = selectors.balance(customer.id)
    wallet = Wallet.objects.get(customer=customer)
    return Looked(customer, balance, wallet, selectors.now(customer.id), request)


def whole_list(looked: Looked, model: str) -> str:
    """Of this customer; `model` as in `ledger_lot`."""
    page = resolved(f"{model}_changelist")
    return f"{page}?{urlencode({'q': looked.name})}" if page else ""


def resolved(url: str, *keys: object, **query: object) -> str:
    """A page of the admin; empty where no part of this installation has it."""
    try:
        page = reverse(f"admin:{url}", args=keys)
    except NoReverseMatch:
        return ""
    return f"{page}?{urlencode(query)}" if query else page


def at(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else "-"


def until(instant: datetime | None, now: datetime) -> str:
    """The day, and how far it is."""
    if instant is None:
        return "never"
    if instant <= now:
        return f"{instant:%Y-%m-%d}, over"
    return f"{instant:%Y-%m-%d}, in {shown.age(now, instant)}"


def badge(text: str, tone: str = "") -> SafeString:
    return format_html('<span class="badge {}">{}</span>', tone, text)


def code(text: str) -> SafeString:
    return format_html("<code>{}</code>", text)
