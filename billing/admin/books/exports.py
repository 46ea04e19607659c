"""A month's journals for accounting systems, and everything of it in one ZIP."""

from datetime import date
from io import BytesIO
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.urls import reverse

from accounts import csv_files
from billing.books import close_pack
from billing.books.exports import EXPORTS, currencies, files


class Link(NamedTuple):
    title: str
    pages: list[tuple[str, str]]


def links(month: date) -> list[Link]:
    """By target, one for each currency; none where there is nothing to export."""
    codes = currencies(month)
    return [
        Link(export.title, [(code, _page(month, target, code)) for code in codes])
        for target, export in EXPORTS.items()
        if codes
    ]


def as_file(month: date, target: str, currency: str) -> HttpResponse:
    """A CSV, or a ZIP of them where the target takes them in parts. Raises NotExported before
    anything is sent."""
    if target not in EXPORTS or currency not in currencies(month):
        raise Http404
    made = [(file.name, b"".join(file.lines)) for file in files(month, target, currency)]
    if len(made) == 1:
        return _download(*made[0], "text/csv; charset=utf-8")
    return _download(f"{target}-{month:%Y-%m}-{currency}.zip", _zipped(made), "application/zip")


def pack(month: date) -> StreamingHttpResponse:
    name = f"close-{month:%Y-%m}.zip"
    return csv_files.streaming(name, close_pack.stream(month), "application/zip")


def _page(month: date, target: str, currency: str) -> str:
    return reverse("admin:billing_report_export", args=[f"{month:%Y-%m}", target, currency])


def _zipped(made: list[tuple[str, bytes]]) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, text in made:
            archive.writestr(name, text)
    return content.getvalue()


def _download(name: str, content: bytes, kind: str) -> HttpResponse:
    return HttpResponse(content, kind, headers=_named(name))


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
