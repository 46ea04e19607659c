from datetime import UTC, datetime
from io import BytesIO

from pypdf import PdfReader

from billing.books.reports import REPORTS, pdf, roll_forward
from billing.books.reports.table import Column, Table
from tests.billing.books.reports.example import OCTOBER, month

AT = datetime(2003, 11, 3, 9, 30, tzinfo=UTC)


def pages(tables):
    return PdfReader(BytesIO(pdf.render("A report", OCTOBER, tables, made_at=AT))).pages


def test_title_month_currency_and_when_it_was_made(calendar):
    month(calendar)
    first, *_ = pages(roll_forward.report(OCTOBER))
    shown = first.extract_text()
    for part in (
        "A report",
        "Deferred revenue, USD · October 2003",
        "made at 2003-11-03 09:30 UTC",
        "Page 1",
    ):
        assert part in shown
    assert "-310.00" in shown and "978.50" in shown


def test_wide_tables_lie_and_go_on_over_pages():
    columns = tuple(Column(f"c{n}", f"Column {n}", "money") for n in range(8))
    rows = [{column.name: 1_234_567_890_12 for column in columns}] * 60
    first, second, *_ = pages([Table("t", "Wide", columns, rows, "USD")])
    assert first.mediabox.width > first.mediabox.height
    assert "Column 7" in second.extract_text()
    assert "1,234,567,890.12" in second.extract_text()


def test_the_same_bytes_each_time(calendar):
    month(calendar)
    made = {
        pdf.render(slug, OCTOBER, report.report(OCTOBER), made_at=AT)
        for slug, report in REPORTS.items()
        for _ in range(2)
    }
    assert len(made) == len(REPORTS)


def test_nothing_to_report_is_a_page_that_says_so():
    (page,) = pages([])
    assert "Nothing to report" in page.extract_text()
