"""A document on paper."""

from collections.abc import Mapping, Sequence
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from billing.models import Document, DocumentKind

MARGIN, LINE = 20, 5.5
WIDTHS = (42, 18, 16, 12, 12)


def render(document: Document) -> bytes:
    content = document.content
    page = FPDF(format="A4")
    page.set_margin(MARGIN)
    page.set_title(document.name)
    page.set_creation_date(document.issued_at)
    page.add_page()
    _party(page, content["seller"], "R")
    _party(page, content["buyer"], "L")
    _head(page, document)
    _lines(page, content)
    _totals(page, content)
    return bytes(page.output())


def _party(page: FPDF, party: Mapping[str, str], align: str) -> None:
    page.set_font("Helvetica", "B", 11)
    _text(page, party["name"], align)
    page.set_font("Helvetica", "", 10)
    for line in party["address"].splitlines():
        _text(page, line, align)
    if party["tax_id"]:
        _text(page, f"Tax id {party['tax_id']}", align)
    page.ln(LINE * 2)


def _head(page: FPDF, document: Document) -> None:
    title = "Receipt" if document.kind == DocumentKind.RECEIPT else "Credit note"
    page.set_font("Helvetica", "B", 20)
    page.cell(0, 12, f"{title} {document.name}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.set_font("Helvetica", "", 10)
    _text(page, f"Date: {document.issued_at:%Y-%m-%d}")
    _text(page, f"Purchase: {document.content['purchase']}")
    if document.content.get("receipt"):
        _text(page, f"For receipt: {document.content['receipt']}")
    page.ln(LINE)


def _lines(page: FPDF, content: Mapping[str, Any]) -> None:
    currency = content["currency"]
    with page.table(
        col_widths=WIDTHS,
        text_align=("LEFT", "RIGHT", "RIGHT", "RIGHT", "RIGHT"),
        borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(emphasis="BOLD"),
        line_height=LINE * 1.4,
    ) as table:
        _row(table, ("Item", "Credits", "Tax rate", "Tax", f"Net {currency}"))
        for line in content["lines"]:
            rate = f"{line['tax_name']} {line['tax_percent']} %"
            _row(table, (line["text"], line["credits"], rate, line["tax"], line["net"]))
    page.ln(LINE)


def _totals(page: FPDF, content: Mapping[str, Any]) -> None:
    currency = content["currency"]
    for name in ("net", "tax", "total"):
        page.set_font("Helvetica", "B" if name == "total" else "", 11)
        _text(page, f"{name.capitalize()}  {content[name]} {currency}", "R")


def _row(table: Any, cells: Sequence[str]) -> None:
    row = table.row()
    for cell in cells:
        row.cell(_printable(cell))


def _text(page: FPDF, text: str, align: str = "L") -> None:
    page.cell(0, LINE, _printable(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _printable(text: str) -> str:
    """The built-in fonts have the letters of western Europe only."""
    return text.encode("cp1252", "replace").decode("cp1252")
