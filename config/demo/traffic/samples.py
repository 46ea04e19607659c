"""What the customers send: texts of Northwind's corpus, and PDFs made of them."""

from io import BytesIO
from random import Random
from textwrap import wrap

from pypdf import PdfWriter
from pypdf.generic import ContentStream, DictionaryObject, NameObject

from config.demo.northwind.tools.classify import LABELLED
from config.demo.northwind.tools.generate import PROSE

A4 = (595, 842)
LINE = 90
_FONT = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}


class Samples:
    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._messages = [line.split("\t")[1] for line in LABELLED.read_text().splitlines()]
        self._paragraphs = PROSE.read_text().split("\n\n")

    def message(self) -> str:
        return self._chance.choice(self._messages)

    def text(self) -> str:
        return "\n\n".join(self._chance.sample(self._paragraphs, 3))

    def document(self) -> bytes:
        return pdf(self._chance.sample(self._paragraphs, self._chance.randint(1, 4)))


def pdf(pages: list[str]) -> bytes:
    """A document with a paragraph on each page."""
    writer = PdfWriter()
    font = DictionaryObject({NameObject(name): NameObject(value) for name, value in _FONT.items()})
    fonts = DictionaryObject({NameObject("/F1"): font})
    for paragraph in pages:
        page = writer.add_blank_page(*A4)
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        content = ContentStream(None, writer)
        content.set_data(_drawn(wrap(paragraph, LINE)))
        page.replace_contents(content)
    document = BytesIO()
    writer.write(document)
    return document.getvalue()


def _drawn(lines: list[str]) -> bytes:
    shown = "".join(f"({_escaped(line)}) Tj T* " for line in lines)
    return f"BT /F1 11 Tf 14 TL 50 780 Td {shown}ET".encode("latin-1")


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
