"""The rows that break a check, as a table whose ids lead to what they name."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import ids
from accounts.errors import InvalidId
from billing.models.payments import REFUND
from billing.models.purchases import PURCHASE
from ledger.admin import shown as ledger_shown
from ledger.ids import LOT, RESERVATION, TRANSACTION, decode_reservation

Row = dict[str, Any]


class Cell(NamedTuple):
    text: str | SafeString
    is_amount: bool = False


class Table(NamedTuple):
    name: str
    title: str
    why: str
    broken: int
    left_off: int
    columns: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]


def shown(finding: dict[str, Any]) -> Table:
    rows: list[Row] = finding["rows"]
    names: list[str] = finding["columns"]
    return Table(
        finding["name"],
        finding["title"],
        finding["why"],
        finding["broken"],
        finding["broken"] - len(rows),
        [Cell(name.replace("_", " "), _is_amount(rows[0][name])) for name in names],
        [[_cell(row.get(name), row) for name in names] for row in rows],
    )


def _cell(value: Any, row: Row) -> Cell:
    if value is None:
        return Cell("-")
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if _is_amount(value):
        return Cell(f"{value:,}", is_amount=True)
    if isinstance(value, list):
        parts = ((_cell(one, row).text,) for one in value)
        return Cell(format_html_join(", ", "{}", parts))
    return Cell(_linked(str(value), row))


def _is_amount(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _linked(text: str, row: Row) -> str | SafeString:
    prefix = text.partition("_")[0]
    try:
        page = PAGES[prefix](text, row)
    except (KeyError, InvalidId):
        return text
    return format_html('<a href="{}" title="{}">{}</a>', page, text, _short(prefix, text))


def _short(prefix: str, text: str) -> str:
    if prefix == RESERVATION:
        text = decode_reservation(text).id.hex
    return f"{prefix}_…{text[-ledger_shown.SHORT :]}"


def _customer(text: str, row: Row) -> str:
    return reverse("admin:accounts_customer_change", args=[ids.decode(ids.CUSTOMER, text)])


def _purchase(text: str, row: Row) -> str:
    return reverse("admin:billing_purchase_change", args=[ids.decode(PURCHASE, text)])


def _lot(text: str, row: Row) -> str:
    customer_id = ids.decode(ids.CUSTOMER, row["customer"])
    return ledger_shown.row_page("lot", customer_id, ids.decode(LOT, text))


def _reservation(text: str, row: Row) -> str:
    named = decode_reservation(text)
    return ledger_shown.row_page("reservation", named.customer_id, named.id)


def _searched(model: str) -> Callable[[str, Row], str]:
    """What has no page of its own is found in the list of others."""
    return lambda text, row: f"{reverse(f'admin:{model}_changelist')}?{urlencode({'q': text})}"


PAGES = {
    ids.CUSTOMER: _customer,
    PURCHASE: _purchase,
    LOT: _lot,
    RESERVATION: _reservation,
    TRANSACTION: _searched("ledger_transfer"),
    REFUND: _searched("billing_purchase"),
}
