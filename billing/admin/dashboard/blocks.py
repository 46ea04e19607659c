"""What a block of the dashboard is made of, as its template takes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from billing.dashboard.spans import Span
from billing.models import CallFigures
from ledger import answer_counts, company_sums
from ledger.answer_counts import Count
from ledger.company_sums import Sum

Cell = str | SafeString


class Figure(NamedTuple):
    name: str
    value: Cell
    note: str = ""
    tone: str = ""


class Table(NamedTuple):
    """The first column names the row, all others are amounts."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


class Link(NamedTuple):
    title: str
    url: str


@dataclass
class Block:
    """`as_of` says of when its figures are; `empty` is said where there is nothing to show."""

    name: str
    title: str
    as_of: str
    figures: list[Figure] = field(default_factory=list)
    charts: list[SafeString] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    empty: str = ""
    warning: str = ""


@dataclass
class Seen:
    """What blocks are made of, read once for all of them."""

    span: Span
    user: User

    @cached_property
    def sums(self) -> list[Sum]:
        return company_sums.sums(self.span.period, self.span.before, by=self.span.by)

    @cached_property
    def summed_at(self) -> datetime | None:
        return company_sums.complete_at()

    @cached_property
    def counts(self) -> list[Count]:
        return answer_counts.counts(self.span.period, self.span.before, by=self.span.by)

    @cached_property
    def calls(self) -> CallFigures | None:
        return CallFigures.objects.filter(pk=self.span.days).first()

    def may(self, permission: str) -> bool:
        return self.user.has_perm(permission)

    def links(self, *wanted: tuple[str, str, str]) -> list[Link]:
        """Of permission, title and page those that may be followed; `page?query`."""
        return [_link(title, page) for permission, title, page in wanted if self.may(permission)]


def _link(title: str, page: str) -> Link:
    name, mark, query = page.partition("?")
    return Link(title, reverse(f"admin:{name}") + mark + query)


def minute(instant: datetime | None) -> str:
    """As blocks say of when they are."""
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else "not known yet"


def linked(url: str, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)
