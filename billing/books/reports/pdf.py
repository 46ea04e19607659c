"""Reports on paper: the same bytes for the same tables and instant."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from fpdf.enums import XPos, YPos

from billing.books.reports.cells import grouped
from billing.books.reports.table import Column, Row, Table
from billing.pdf import LARGE, LINE, MUTED, SHADE, SMALL, TITLE, Sheet

_UPRIGHT = 5  # so many columns fit on a page that stands
_LARGE_SHEET = 14  # more than these lie on a sheet of twice the size
_SMALLEST, _ROOMY = 3.5, 6  # with more columns than these the writing is smaller
_WORDS = 1.6  # how much wider a column of words is than one of figures


class _Pages(Sheet):
    """Pages of which some lie, with what they are about below."""

    def footer(self) -> None:
        self.set_y(-17)
        self.pen(SMALL, colour=MUTED)
        self.cell(self.epw - 20, LINE, self.shown(self.foot))
        self.cell(20, LINE, f"Page {self.page_no()}", align="R")


def render(title: str, month: date, tables: Iterable[Table], *, made_at: datetime) -> bytes:
    """Each table begins on a page of its own."""
    sheet = _Pages(f"{title} · {month:%B %Y} · made at {made_at:%Y-%m-%d %H:%M} UTC")
    sheet.set_title(f"{title} {month:%Y-%m}")
    sheet.set_creation_date(made_at)
    empty = True
    for table in tables:
        empty = False
        _table(sheet, title, month, table)
    if empty:
        sheet.add_page()
        _head(sheet, title, month, "Nothing to report", None)
    return bytes(sheet.output())


def _table(sheet: _Pages, title: str, month: date, table: Table) -> None:
    sheet.add_page(
        orientation="L" if len(table.columns) > _UPRIGHT else "P",
        format="A3" if len(table.columns) > _LARGE_SHEET else "A4",
    )
    _head(sheet, title, month, table.title, table.currency)
    widths = _widths(table.columns, sheet.epw)
    _titles(sheet, table.columns, widths)
    for row in table.rows:
        _row(sheet, table, row, widths)
    if table.totals is not None:
        _row(sheet, table, table.totals, widths, bold=True)
    if table.note:
        sheet.ln(LINE)
        sheet.pen(SMALL, colour=MUTED)
        sheet.write_at(sheet.l_margin, sheet.epw, table.note)


def _head(sheet: _Pages, title: str, month: date, subtitle: str, currency: str | None) -> None:
    sheet.pen(TITLE * 0.75, bold=True)
    sheet.cell(0, 9, sheet.shown(title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.pen(LARGE, colour=MUTED)
    of = f"{month:%B %Y}" + (f" · {currency}" if currency and currency not in subtitle else "")
    sheet.cell(0, 7, sheet.shown(f"{subtitle} · {of}"), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(LINE)


def _widths(columns: Sequence[Column], whole: float) -> list[float]:
    shares = [_WORDS if column.kind == "text" else 1.0 for column in columns]
    return [whole * share / sum(shares) for share in shares]


def _size(columns: Sequence[Column]) -> float:
    return SMALL if len(columns) <= _ROOMY else SMALL - 1.5


def _titles(sheet: _Pages, columns: Sequence[Column], widths: Sequence[float]) -> None:
    """Over as many lines as the longest takes."""
    sheet.pen(_size(columns), bold=True, colour=MUTED)
    sheet.set_fill_color(SHADE)
    top = bottom = sheet.get_y()
    x = sheet.l_margin
    for column, width in zip(columns, widths, strict=True):
        sheet.set_xy(x, top)
        sheet.multi_cell(
            width,
            LINE * 0.8,
            sheet.shown(column.title),
            align=_side(column),
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        bottom = max(bottom, sheet.get_y())
        x += width
    sheet.set_y(bottom + 1)
    sheet.set_draw_color(0)
    sheet.line(sheet.l_margin, bottom, sheet.l_margin + sheet.epw, bottom)


def _row(
    sheet: _Pages, table: Table, row: Row, widths: Sequence[float], *, bold: bool = False
) -> None:
    if sheet.will_page_break(LINE):
        sheet.add_page(same=True)
        _titles(sheet, table.columns, widths)
    for column, width in zip(table.columns, widths, strict=True):
        sheet.pen(_size(table.columns), bold=bold)
        text = sheet.shown(_text(row.get(column.name), column, table.currency))
        text = _cut(sheet, text, width) if column.kind == "text" else _shrunk(sheet, text, width)
        sheet.cell(width, LINE, text, align=_side(column))
    sheet.ln(LINE)


def _text(value: object, column: Column, currency: str | None) -> str:
    return value if isinstance(value, str) else grouped(value, column, currency)


def _cut(sheet: _Pages, text: str, width: float) -> str:
    """Words may be cut, and are seen to be."""
    while len(text) > 1 and not _fits(sheet, text, width):
        text = text[:-2] + "…"
    return text


def _shrunk(sheet: _Pages, text: str, width: float) -> str:
    """Figures are never cut: they are written smaller."""
    while sheet.font_size_pt > _SMALLEST and not _fits(sheet, text, width):
        sheet.set_font_size(sheet.font_size_pt - 0.5)
    return text


def _fits(sheet: _Pages, text: str, width: float) -> bool:
    return sheet.get_string_width(text) <= width - 2 * sheet.c_margin


def _side(column: Column) -> str:
    return "L" if column.kind in ("text", "date") else "R"
