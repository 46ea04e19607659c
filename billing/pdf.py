"""A document on paper. It is drawn from what is stored with it: the same bytes every time."""

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from billing.models import Document, DocumentKind

FONTS = Path(__file__).parent / "fonts"
TEXT, MISSING = "DejaVu", "\N{WHITE SQUARE}"
LEFT, TOP, WIDTH, HALF, GAP = 20, 20, 170, 80, 10
SMALL, NORMAL, LARGE, TITLE = 8, 9.5, 12, 21
LINE = 5.2
INK, MUTED, ACCENT, RULE, SHADE = (29, 33, 41), (98, 106, 120), (15, 107, 98), 214, 245
# Of the table: what was bought, net, rate, tax, total.
COLUMNS = (62, 28, 27, 25, 28)
TITLES = {
    DocumentKind.RECEIPT.value: "Receipt",
    DocumentKind.CREDIT_NOTE.value: "Credit note",
    DocumentKind.INVOICE.value: "Invoice",
}


class Sheet(FPDF):
    def __init__(self, foot: str) -> None:
        super().__init__(format="A4")
        self.foot = foot
        self.set_margins(LEFT, TOP, LEFT)
        self.set_auto_page_break(True, margin=25)
        self.add_font(TEXT, "", FONTS / "DejaVuSans.ttf")
        self.add_font(TEXT, "B", FONTS / "DejaVuSans-Bold.ttf")
        # For the scripts that DejaVu lacks.
        further = [f"further{n}" for n, _ in enumerate(settings.DOCUMENT_FONTS)]
        for name, file in zip(further, settings.DOCUMENT_FONTS, strict=True):
            self.add_font(name, "", file)
        self.set_fallback_fonts(further, exact_match=False)

    def footer(self) -> None:
        self.set_y(-17)
        self.pen(SMALL, colour=MUTED)
        self.cell(WIDTH - 20, LINE, self.shown(self.foot))
        self.cell(20, LINE, f"Page {self.page_no()}", align="R")

    def pen(
        self, size: float = NORMAL, *, bold: bool = False, colour: tuple[int, int, int] = INK
    ) -> None:
        self.set_font(TEXT, "B" if bold else "", size)
        self.set_text_color(*colour)

    def write_at(self, x: float, width: float, text: str, align: str = "L") -> None:
        """As many lines as it takes, and on to the next."""
        self.set_x(x)
        self.multi_cell(
            width,
            LINE,
            self.shown(text),
            align=align,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
            padding=0,
        )

    def shown(self, text: str) -> str:
        """Scripts that run from the right are turned. What no font has is seen to be missing."""
        if text.isascii() and text.isprintable():
            return text
        text = "".join(
            one if one == "\n" or self._has(one) else MISSING
            for one in text
            if one == "\n" or unicodedata.category(one)[0] != "C"
        )
        if any(unicodedata.bidirectional(one) in ("R", "AL") for one in text):
            return "\n".join(
                BidiParagraph(line).get_reordered_string() for line in text.split("\n")
            )
        return text

    def _has(self, letter: str) -> bool:
        fonts = (font for font in self.fonts.values() if isinstance(font, TTFFont))
        return any(ord(letter) in font.cmap for font in fonts)

    def rule(self) -> None:
        self.set_draw_color(RULE)
        self.line(LEFT, self.get_y(), LEFT + WIDTH, self.get_y())


def render(document: Document) -> bytes:
    content = document.content
    sheet = Sheet(f"{content['seller']['name']} · {document.name}")
    sheet.set_title(f"{TITLES[document.kind]} {document.name}")
    sheet.set_author(content["seller"]["name"])
    sheet.set_creation_date(document.issued_at)
    sheet.add_page()
    _head(sheet, document)
    _parties(sheet, content)
    _lines(sheet, content)
    _totals(sheet, content)
    _notes(sheet, content)
    return bytes(sheet.output())


def _head(sheet: Sheet, document: Document) -> None:
    content = document.content
    sheet.set_fill_color(*ACCENT)
    sheet.rect(0, 0, sheet.w, 3, style="F")
    sheet.pen(LARGE, bold=True, colour=MUTED)
    sheet.write_at(LEFT, WIDTH, content["seller"]["name"])
    sheet.ln(LINE)
    sheet.pen(TITLE, bold=True)
    sheet.cell(0, 11, TITLES[document.kind], new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(1.5)
    facts = [("Number", document.name), ("Date", f"{document.issued_at:%d %B %Y}")]
    if content.get("receipt"):
        facts.append(("For receipt", content["receipt"]))
    if content.get("purchase"):
        facts.append(("Purchase", content["purchase"]))
    if content.get("plan"):
        facts.append(("Plan", content["plan"]))
    for name, value in facts:
        _fact(sheet, name, value)
    sheet.ln(LINE)


def _fact(sheet: Sheet, name: str, value: str) -> None:
    sheet.pen(colour=MUTED)
    sheet.cell(30, LINE, name)
    sheet.pen()
    sheet.cell(0, LINE, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _parties(sheet: Sheet, content: Mapping[str, Any]) -> None:
    """Side by side."""
    top = sheet.get_y()
    _party(sheet, LEFT, "Billed to", content["buyer"])
    bottom = sheet.get_y()
    sheet.set_y(top)
    _party(sheet, LEFT + HALF + GAP, "From", content["seller"])
    sheet.set_y(max(bottom, sheet.get_y()) + LINE * 1.5)


def _party(sheet: Sheet, x: float, title: str, party: Mapping[str, str]) -> None:
    sheet.pen(SMALL, bold=True, colour=MUTED)
    sheet.write_at(x, HALF, title)
    sheet.pen(bold=True)
    sheet.write_at(x, HALF, party["name"])
    sheet.pen()
    if party["address"]:
        sheet.write_at(x, HALF, party["address"])
    if party["tax_id"]:
        sheet.write_at(x, HALF, f"Tax id {party['tax_id']}")


def _lines(sheet: Sheet, content: Mapping[str, Any]) -> None:
    currency = content["currency"]
    sheet.pen(SMALL, bold=True, colour=MUTED)
    sheet.set_fill_color(SHADE)
    _cells(sheet, ("Item", "Net", "Tax rate", "Tax", f"Total {currency}"), 8, fill=True)
    for line in content["lines"]:
        sheet.ln(2)
        _line(sheet, line)
        sheet.ln(2)
        sheet.rule()
    sheet.ln(3)


def _line(sheet: Sheet, line: Mapping[str, Any]) -> None:
    if sheet.will_page_break(LINE * (len(line["details"]) + 4)):
        sheet.add_page()
    top = sheet.get_y()
    sheet.pen(bold=True)
    sheet.write_at(LEFT, COLUMNS[0], line["text"])
    sheet.pen(SMALL, colour=MUTED)
    for detail in line["details"]:
        sheet.write_at(LEFT, sum(COLUMNS[:2]), detail)
    bottom = sheet.get_y()
    sheet.set_y(top)
    sheet.write_at(LEFT + sum(COLUMNS[:2]), COLUMNS[2], line["rate"], "R")
    bottom = max(bottom, sheet.get_y())
    sheet.set_y(top)
    sheet.pen()
    amounts = (grouped(line["net"]), "", grouped(line["tax"]), grouped(line["total"]))
    _cells(sheet, ("", *amounts), LINE)
    sheet.set_y(bottom)


def _cells(sheet: Sheet, cells: Sequence[str], height: float, *, fill: bool = False) -> None:
    sheet.set_x(LEFT)
    for text, width in zip(cells, COLUMNS, strict=True):
        sheet.cell(
            width, height, sheet.shown(text), align="R" if text != cells[0] else "L", fill=fill
        )
    sheet.ln(height)


def _totals(sheet: Sheet, content: Mapping[str, Any]) -> None:
    if sheet.will_page_break(LINE * 5):
        sheet.add_page()
    for name, title in (("net", "Net"), ("tax", "Tax"), ("total", "Total")):
        is_last = name == "total"
        sheet.pen(LARGE if is_last else NORMAL, bold=is_last)
        sheet.set_x(LEFT + HALF)
        height = LINE * (1.8 if is_last else 1.2)
        sheet.cell(WIDTH - HALF - 50, height, title, align="R")
        amount = f"{grouped(content[name])} {content['currency']}"
        sheet.cell(50, height, amount, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(LINE)


def _notes(sheet: Sheet, content: Mapping[str, Any]) -> None:
    sheet.pen(SMALL, colour=MUTED)
    for note in content["notes"]:
        sheet.write_at(LEFT, WIDTH, note)


def grouped(amount: str) -> str:
    return f"{Decimal(amount):,}"
