"""Reports of a month on pages and as files."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.urls import reverse

from billing.books import closing, revenue
from billing.books.exports import EXPORTS
from billing.books.reports import REPORTS
from tests.billing.admin.books.conftest import month_ago, person, sold, told
from tests.downloads import downloaded


def index(month):
    return reverse("admin:billing_report_change", args=[f"{month:%Y-%m}"])


def page(month, slug, kind="page"):
    return reverse(f"admin:billing_report_{kind}", args=[f"{month:%Y-%m}", slug])


def export(month, target, currency="USD"):
    return reverse("admin:billing_report_export", args=[f"{month:%Y-%m}", target, currency])


@pytest.fixture
def closed(october, last_month):
    sold(1, used=2, price=10_500, currency="KWD")
    sold(1, price=1_000, currency="JPY")
    closing.close(last_month)
    return last_month


def test_the_index_is_of_the_last_month_that_is_over(staff, closed):
    answer = staff.get(reverse("admin:billing_report_changelist"))
    assert answer.context["month"].month == closed
    text = answer.content.decode()
    for slug, report in REPORTS.items():
        assert report.title in text and page(closed, slug) in text
    for target in EXPORTS:
        assert export(closed, target) in text
    assert "Figures can still change." not in text


def test_a_month_and_a_report_are_picked(staff, closed):
    picked = {"month": f"{month_ago(0):%Y-%m}"}
    answer = staff.get(reverse("admin:billing_report_changelist"), picked)
    assert answer.context["month"].month == month_ago(0)
    assert "Figures can still change." in answer.content.decode()
    picked["report"] = "waterfall"
    answer = staff.get(reverse("admin:billing_report_changelist"), picked)
    assert answer.url == page(month_ago(0), "waterfall")


@pytest.mark.parametrize("slug", REPORTS)
def test_every_report_has_a_page_and_files(staff, closed, slug):
    shown = staff.get(page(closed, slug))
    text = shown.content.decode()
    assert shown.status_code == 200 and "style=" not in text
    paper = staff.get(page(closed, slug, "pdf"))
    assert (paper["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    for table in shown.context["tables"]:
        answer = staff.get(page(closed, slug, "csv"), {"table": table.name})
        lines = downloaded(answer).decode().splitlines()
        assert len(lines) >= len(table.rows)
        assert f'{table.name}-{closed:%Y-%m}.csv"' in answer["Content-Disposition"]


def test_amounts_have_the_decimals_of_their_currency(staff, closed):
    shown = staff.get(page(closed, "roll-forward"))
    tables = {table.title: table for table in shown.context["tables"]}
    of = {
        code: [cell.text for row in tables[f"Deferred revenue, {code}"].rows for cell in row]
        for code in ("USD", "KWD", "JPY")
    }
    assert "100.00" in of["USD"] and "−30.00" in of["USD"]
    assert "10.500" in of["KWD"] and "1,000" in of["JPY"]
    text = shown.content.decode()
    assert 'class="amount below-zero">−30.00' in text


def test_a_chart_has_its_figures_behind_it(staff, closed):
    text = staff.get(page(closed, "waterfall")).content.decode()
    assert "<svg" in text and "Figures of the chart" in text


def test_exports_are_files(staff, closed):
    for target in EXPORTS:
        answer = staff.get(export(closed, target))
        assert answer.status_code == 200
        assert f"{target}-{closed:%Y-%m}-USD" in answer["Content-Disposition"]


def test_what_an_export_refuses_is_said(staff, last_month):
    sold(1, used=1, price=10_501, currency="KWD")
    revenue.recognise_all()
    answer = staff.get(export(last_month, "netsuite", "KWD"), follow=True)
    assert told(answer)[0].startswith("Not exported:")
    assert answer.context["month"].month == last_month


def test_the_close_pack(staff, closed):
    answer = staff.get(reverse("admin:billing_report_pack", args=[f"{closed:%Y-%m}"]))
    with ZipFile(BytesIO(downloaded(answer))) as pack:
        assert pack.testzip() is None
        assert "MANIFEST.sha256" in pack.namelist()


def test_what_there_is_not_is_not_found(staff, closed):
    for path in (
        *(page(closed, "nothing"), page(closed, "nothing", "csv"), page(closed, "nothing", "pdf")),
        page(closed, "waterfall", "csv") + "?table=nothing",
        *(export(closed, "sage"), export(closed, "xero", "CHF")),
        reverse("admin:billing_report_change", args=["2026-13"]),
        reverse("admin:billing_report_changelist") + "?month=soon",
    ):
        assert staff.get(path).status_code == 404, path


def test_a_month_without_entries(staff, last_month):
    for slug in REPORTS:
        assert staff.get(page(last_month, slug)).status_code == 200
    assert "no journals in this month" in staff.get(index(last_month)).content.decode()


def test_only_who_may_looks(client, closed):
    pack = reverse("admin:billing_report_pack", args=[f"{closed:%Y-%m}"])
    pages = [
        *(reverse("admin:billing_report_changelist"), index(closed), page(closed, "waterfall")),
        *(page(closed, "waterfall", "csv"), page(closed, "waterfall", "pdf")),
        *(export(closed, "xero"), pack),
    ]
    client.force_login(person("closes@example.com", "view_period", "close_period"))
    assert {client.get(one).status_code for one in pages} == {403}
    client.force_login(person("reads@example.com", "view_report"))
    assert {client.get(one).status_code for one in pages} == {200}
    client.logout()
    assert {client.get(one).status_code for one in pages} == {302}
