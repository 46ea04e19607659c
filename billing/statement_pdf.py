"""A statement on paper: what there was at both ends, and the rows between them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from fpdf.enums import XPos, YPos

from accounts.models import Customer
from billing import shown, statement_rows
from billing.pdf import ACCENT, LARGE, LEFT, LINE, MUTED, SHADE, SMALL, TITLE, WIDTH, Sheet
from billing.portal.statement import words as statement_words
from billing.portal.statement.words import signed
from billing.statement_rows import Row, Rows
from ledger.statements import Statement

# When, what, lots, credits, balance.
COLUMNS: Final = (36, 50, 28, 27, 29)
TINY: Final = 7
SUMMED: Final = (
    f"This is more than {statement_rows.SHORT:,} lines: calls are summed by day and endpoint, after"
    " what else a day had. Every line, with the balance after it and its lots, is in the CSV of the"
    " same statement."
)
ONLY_FIRST: Final = (
    "Only the first {:,} lines that are no calls' are listed here, and so no balances between."
)


def render(customer: Customer, statement: Statement, *, may_buy: bool) -> bytes:
    """A purchase is named to who `may_buy`."""
    seller = settings.SELLER["name"]
    sheet = Sheet(f"{seller} · Statement of {customer.name}")
    sheet.set_title(f"Statement of {customer.name}")
    sheet.set_author(seller)
    sheet.set_creation_date(statement.closing.instant)
    sheet.add_page()
    _head(sheet, customer, statement, seller)
    found = statement_rows.rows(customer.id, statement, may_buy=may_buy)
    _sums(sheet, statement)
    _table(sheet, found)
    _notes(sheet, found)
    return bytes(sheet.output())


def _head(sheet: Sheet, customer: Customer, statement: Statement, seller: str) -> None:
    sheet.set_fill_color(*ACCENT)
    sheet.rect(0, 0, sheet.w, 3, style="F")
    sheet.pen(LARGE, bold=True, colour=MUTED)
    sheet.write_at(LEFT, WIDTH, seller)
    sheet.ln(LINE)
    sheet.pen(TITLE, bold=True)
    sheet.cell(0, 11, "Statement of credits", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(1.5)
    facts = {
        "Company": customer.name,
        "From": _instant(statement.opening.instant),
        "Until": _instant(statement.closing.instant),
        "Lines": f"{statement.lines:,}",
    }
    for name, value in facts.items():
        sheet.pen(colour=MUTED)
        sheet.cell(30, LINE, name)
        sheet.pen()
        sheet.cell(0, LINE, sheet.shown(value), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(LINE)


def _sums(sheet: Sheet, statement: Statement) -> None:
    """So that it can be added up."""
    sheet.pen(SMALL, bold=True, colour=MUTED)
    sheet.set_fill_color(SHADE)
    _cells(sheet, ("", "What", "", "Lines", "Credits"), 8, fill=True)
    sheet.pen(bold=True)
    _cells(
        sheet, ("", "Opening balance", "", "", shown.credits(statement.opening.balance)), LINE * 1.4
    )
    sheet.pen()
    for total in statement_words.totals(statement.sums):
        _cells(sheet, ("", total.title, "", total.lines, total.amount), LINE * 1.2)
    sheet.rule()
    sheet.pen(bold=True)
    _cells(
        sheet, ("", "Closing balance", "", "", shown.credits(statement.closing.balance)), LINE * 1.4
    )
    sheet.ln(LINE)


def _table(sheet: Sheet, found: Rows) -> None:
    if not found.rows:
        return
    _table_head(sheet, found)
    for row in found.rows:
        for cells in _lines(sheet, row, found):
            if sheet.will_page_break(LINE * 2):
                sheet.add_page()
                _table_head(sheet, found)
            _cells(sheet, cells, LINE)
    sheet.rule()
    sheet.ln(LINE)


def _table_head(sheet: Sheet, found: Rows) -> None:
    sheet.pen(SMALL, bold=True, colour=MUTED)
    sheet.set_fill_color(SHADE)
    when, lots = ("When (UTC)", "Lots") if found.is_every_line else ("Day (UTC)", "")
    _cells(sheet, (when, "What", lots, "Credits", "Balance"), 8, fill=True)
    sheet.pen(TINY)


def _lines(sheet: Sheet, row: Row, found: Rows) -> list[Sequence[str]]:
    """More than one where more than one lot is named."""
    balance = shown.credits(row.balance) if row.balance is not None else ""
    first, *others = [*row.lots] or [""]
    room = COLUMNS[1] if found.is_every_line else COLUMNS[1] + COLUMNS[2]
    what = _short(sheet, row.what, room - 4)
    return [
        (row.when, what, first, signed(row.amount), balance),
        *(("", "", lot, "", "") for lot in others),
    ]


def _notes(sheet: Sheet, found: Rows) -> None:
    sheet.pen(SMALL, colour=MUTED)
    notes = [
        "Times and days are UTC. A lot that ends is gone at that instant, even where its expiry was"
        " entered later. Credits that calls held or that a dispute froze are in the balances.",
    ]
    if not found.is_every_line:
        notes.insert(0, SUMMED)
    if found.more:
        notes.insert(0, ONLY_FIRST.format(statement_rows.LONGEST))
    for note in notes:
        sheet.write_at(LEFT, WIDTH, note)


def _cells(sheet: Sheet, cells: Sequence[str], height: float, *, fill: bool = False) -> None:
    sheet.set_x(LEFT)
    for place, (text, width) in enumerate(zip(cells, COLUMNS, strict=True)):
        align = "R" if place > 2 else "L"
        sheet.cell(width, height, sheet.shown(text), align=align, fill=fill)
    sheet.ln(height)


def _short(sheet: Sheet, text: str, room: float) -> str:
    """On one line."""
    if sheet.get_string_width(sheet.shown(text)) <= room:
        return text
    while text and sheet.get_string_width(sheet.shown(text) + "…") > room:
        text = text[:-1]
    return f"{text}…"


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%d %B %Y, %H:%M:%S} UTC"
