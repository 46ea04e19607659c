"""The rows that break a check or a tie-out, as a table whose ids lead to what they name."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import ids
from accounts.errors import InvalidId
from billing import findings
from billing.findings import Row
from billing.models.payments import REFUND
from billing.models.purchases import PURCHASE
from ledger.admin import shown as ledger_shown
from ledger.ids import LOT, RESERVATION, TRANSACTION, decode_reservation


class Cell(NamedTuple):
    text: str | SafeString
    is_amount: bool = False


class Table(NamedTuple):
    name: str
    title: str
    why: str
    broken: int
    columns: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]

    @property
    def left_out(self) -> int:
        return self.broken - len(self.rows)


def tables(found: Sequence[dict[str, Any]]) -> list[Table]:
    """Of what is broken."""
    return [_table(finding) for finding in found if finding["broken"]]


def _table(finding: dict[str, Any]) -> Table:
    rows: list[Row] = finding["rows"]
    names: list[str] = finding["columns"]
    return Table(
        finding["name"],
        finding["title"],
        finding["why"],
        finding["broken"],
        [_column(rows, name) for name in names],
        [[_cell(row, name) for name in names] for row in rows],
    )


def _column(rows: Sequence[Row], name: str) -> Cell:
    is_amount = any(findings.number(row, name) for row in rows)
    return Cell(name.replace("_", " "), is_amount)


def _cell(row: Row, name: str) -> Cell:
    value = row.get(name)
    if number := findings.number(row, name):
        return Cell(ledger_shown.grouped(number), is_amount=True)
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if isinstance(value, list):
        parts = ((_linked(str(one), row),) for one in value)
        return Cell(format_html_join(", ", "{}", parts))
    return Cell(_linked(findings.text(row, name), row))


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
