"""A report as files."""

from datetime import date

from django.http import Http404, HttpResponse, StreamingHttpResponse

from accounts import csv_files
from billing.books.reports import Report, csv
from ledger import selectors


def as_csv(report: Report, month: date, name: str) -> StreamingHttpResponse:
    """Of one table, which streams."""
    tables = report.report(month)
    found = [table for table in tables if table.name == name] if name else tables[:1]
    if not found:
        raise Http404
    return csv_files.streaming(f"{found[0].name}-{month:%Y-%m}.csv", csv.stream(found[0]))


def as_pdf(report: Report, slug: str, month: date) -> HttpResponse:
    # What draws takes long to load.
    from billing.books.reports import pdf

    content = pdf.render(report.title, month, report.report(month), made_at=selectors.now())
    return HttpResponse(content, "application/pdf", headers=_named(slug, month))


def _named(name: str, month: date) -> dict[str, str]:
    return {"Content-Disposition": f'inline; filename="{name}-{month:%Y-%m}.pdf"'}
