"""Figures as a page shows them, found by what the page says of itself.

`available` is the element with that `data-figure`, `#used` the one with that id, and
`by-key/Credits` the cells of that label in the section that is labelled by `by-key`. Rows of a
table are as many figures, in their order.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final, NamedTuple

VOID: Final = ("br", "col", "hr", "img", "input", "link", "meta", "source", "use", "wbr")
_MINUS: Final = "-\u2212"
_NUMBER = re.compile(rf"[{_MINUS}]?\d[\d,]*(?:\.\d+)?")
_SCALE: Final = 10**6

Attributes = dict[str, str | None]


class _Open(NamedTuple):
    tag: str
    section: str
    figures: list[tuple[str, int]]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = defaultdict(list)
        self._open: list[_Open] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_data(" ")  # what another element or line says is another word
        told: Attributes = dict(attrs)
        section = self._open[-1].section if self._open else ""
        if tag == "section":
            section = told.get("aria-labelledby") or told.get("aria-label") or ""
        figures = []
        for name in _names(told, section):
            self.found[name].append("")
            figures.append((name, len(self.found[name]) - 1))
        if tag not in VOID:
            self._open.append(_Open(tag, section, figures))

    def handle_endtag(self, tag: str) -> None:
        if any(one.tag == tag for one in self._open):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        for one in self._open:
            for name, place in one.figures:
                self.found[name][place] += data


def _names(told: Attributes, section: str) -> Iterator[str]:
    if figure := told.get("data-figure"):
        yield figure
    if element := told.get("id"):
        yield f"#{element}"
    if label := told.get("data-label"):
        yield f"{section}/{label}"


def texts(html: str) -> dict[str, list[str]]:
    """Of every element that has a name, by name."""
    reader = _Reader()
    reader.feed(html)
    return {
        name: [" ".join(text.split()) for text in found] for name, found in reader.found.items()
    }


def micro(text: str) -> int:
    """The first number in it, exactly: `1,250.5 of 2,000 used` is 1250500000. None is an error."""
    found = _NUMBER.search(text)
    assert found, f"no number in {text!r}"
    whole, _, rest = found[0].lstrip(_MINUS).replace(",", "").partition(".")
    assert len(rest) <= 6, f"more places than an amount has: {text!r}"
    amount = int(whole) * _SCALE + int(rest.ljust(6, "0"))
    return -amount if found[0][0] in _MINUS else amount
