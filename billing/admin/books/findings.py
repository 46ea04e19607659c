"""The rows that break a tie-out, with a link to each page that there is."""

from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from billing import findings
from billing.findings import Row
from ledger.admin import shown


class Cell(NamedTuple):
    text: str
    page: str
    is_amount: bool


class Table(NamedTuple):
    title: str
    why: str
    broken: int
    columns: list[tuple[str, bool]]
    rows: list[list[Cell]]

    @property
    def left_out(self) -> int:
        return self.broken - len(self.rows)


def tables(found: list[dict[str, Any]]) -> list[Table]:
    """Of those that do not tie."""
    return [_table(finding) for finding in found if finding["broken"]]


def _table(finding: dict[str, Any]) -> Table:
    rows: list[Row] = finding["rows"]
    columns = findings.columns(rows[0]) if rows else []
    return Table(
        finding["title"],
        finding["why"],
        finding["broken"],
        [(_title(name), findings.is_amount(rows[0], name)) for name in columns],
        [[_cell(row, name) for name in columns] for row in rows],
    )


def _title(name: str) -> str:
    return name.removesuffix("_id").replace("_", " ")


def _cell(row: Row, name: str) -> Cell:
    return Cell(findings.cell(row, name), _page(row, name), findings.is_amount(row, name))


def _page(row: Row, name: str) -> str:
    """Empty where there is none."""
    try:
        value = UUID(row[name])
        match name:
            case "customer_id":
                return reverse("admin:accounts_customer_change", args=[value])
            case "lot_id":
                return shown.row_page("lot", UUID(row["customer_id"]), value)
            case "reservation_id":
                return shown.row_page("reservation", UUID(row["customer_id"]), value)
            case "transaction_id":
                query = urlencode({"q": findings.cell(row, name)})
                return f"{reverse('admin:ledger_transfer_changelist')}?{query}"
            case "purchase_id":
                return reverse("admin:billing_purchase_change", args=[value])
    except (KeyError, ValueError):
        pass
    return ""
