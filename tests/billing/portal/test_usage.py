"""The page of usage: its figures are the API's, and it says what was asked for."""

import csv
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts import ids
from billing.portal.usage.figures import projected
from ledger.amounts import CREDIT
from ledger.prices import rate_cards
from tests.accounts.conftest import Caller, committed
from tests.accounts.people import browser_of
from tests.billing.portal import histories
from tests.downloads import downloaded
from tests.factories.accounts import ApiKeyFactory, MemberFactory, ServiceKeyFactory
from tests.factories.ledger import Clock
from tests.ledger.api.conftest import operate, path

__all__ = ["committed"]

PAGE = "/portal/usage/"
DAY = timedelta(days=1)


@pytest.fixture
def company(db):
    return histories.funded()


@pytest.fixture
def browser(company):
    return browser_of(MemberFactory(customer=company))


def text(response):
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def figure(page, name):
    return re.search(rf'id="{name}"[^>]*>([^<]*)<', page)[1].replace(",", "")


def tables(response):
    """Rows of each by their names: calls, credits."""
    usage = response.context["usage"]
    return {
        one.dimension: {
            row.words: (int(row.calls.replace(",", "")), row.credits.replace(",", ""))
            for row in one.rows
        }
        for one in (*usage.tables, usage.days)
    }


def of_the_api(company, query):
    api = Caller(ServiceKeyFactory().secret)
    found, cursor = [], ""
    while cursor is not None:
        response = api.get(path(company, f"/usage?limit=100&{query}{cursor}"))
        assert response.status_code == 200
        body = response.json()
        found += body["data"]
        cursor = body["next_cursor"] and f"&cursor={body['next_cursor']}"
    return found


def same(shown, told):
    """`0.5` and `.5` alike: as amounts."""
    assert {name: (calls, float(credits)) for name, (calls, credits) in shown.items()} == {
        name: (calls, float(credits)) for name, (calls, credits) in told.items()
    }


def assert_is_what_the_api_says(browser, company, first, last):
    days = f"from={first}&to={last}"
    response = browser.get(f"{PAGE}?{days}")
    page, period = text(response), f"from={first}&to={last + DAY}"
    (whole,) = of_the_api(company, period)
    assert int(figure(page, "calls")) == whole["calls"]
    assert float(figure(page, "used")) == float(whole["credits"])
    shown = tables(response)
    named = {
        "endpoint": lambda one: one["endpoint"] or "No endpoint",
        "key": lambda one: one["key"] and one["key"]["prefix"],
        "day": lambda one: one["day"],
    }
    for dimension, name in named.items():
        told = {
            name(one): (one["calls"], one["credits"])
            for one in of_the_api(company, f"{period}&group_by={dimension}")
        }
        if dimension == "endpoint":
            same(shown[dimension], told)
        elif dimension == "key":
            by_prefix = {
                (found[1] if (found := re.search(r"\((.*)…\)", words)) else None): row
                for words, row in shown[dimension].items()
            }
            same(by_prefix, told)
        else:
            by_day = {_date(words): row for words, row in shown[dimension].items()}
            assert len(by_day) == (last - first).days + 1
            same({day: row for day, row in by_day.items() if row[0]}, told)
    by_outcome = {
        one["outcome"]: (one["calls"], one["credits"])
        for one in of_the_api(company, f"{period}&group_by=outcome")
    }
    assert sum(calls for calls, _ in shown["outcome"].values()) == sum(
        calls for calls, _ in by_outcome.values()
    )
    failed = sum(by_outcome.get(one, (0,))[0] for one in FAILED)
    said = sum(calls for outcome, (calls, _) in by_outcome.items() if outcome)
    assert f"{failed:,} of {said:,} calls" in page
    lines = list(
        csv.DictReader(
            downloaded(browser.get(f"{PAGE}usage.csv?{days}")).decode().splitlines(),
        )
    )
    assert [
        (
            line["day"],
            line["endpoint"] or None,
            line["key"] or None,
            line["outcome"] or None,
            int(line["calls"]),
            line["credits"],
        )
        for line in lines
    ] == [
        (
            one["day"],
            one["endpoint"],
            one["key"] and one["key"]["id"],
            one["outcome"],
            one["calls"],
            one["credits"],
        )
        for one in of_the_api(company, f"{period}&group_by=day,endpoint,key,outcome")
    ]


def _date(words):
    said = f"{words.removesuffix(', so far')} +0000"
    return str(datetime.strptime(said, "%a %d %b %Y %z").date())


FAILED = ("client_error", "server_error", "timeout", "partial")


def test_every_figure_is_the_apis(browser, company):
    histories.of_every_kind(company, histories.prices("classify", "summarize"), times=2)
    today = Clock().now().date()
    assert_is_what_the_api_says(browser, company, today - 29 * DAY, today)
    assert_is_what_the_api_says(browser, company, today, today)
    page = text(browser.get(PAGE))
    assert figure(page, "unbilled") == "2" and "2 released, 0 expired" in page
    assert ">Revoked<" in page


def test_without_a_call(browser, company):
    page = text(browser.get(PAGE))
    assert [figure(page, name) for name in ("used", "calls", "error-rate")] == ["0", "0", "-"]
    assert "No calls in these days" in page and "chart-figure" not in page
    assert downloaded(browser.get(f"{PAGE}usage.csv")).decode().count("\r\n") == 1


def test_with_one_call(browser, company):
    operate("debit", company, amount=2_500_000, outcome="success")
    page = text(browser.get(PAGE))
    assert [figure(page, name) for name in ("used", "calls", "error-rate")] == ["2.5", "1", "0.0 %"]
    assert "100.0 %" in page and "Nothing before" in page and "so far, No endpoint: 2.5" in page


def test_a_hold_that_nobody_settled_is_said(browser, company):
    hold = operate("reserve", company, amount=CREDIT)
    page = text(browser.get(PAGE))
    assert figure(page, "unbilled") == "0"
    operate("release", company, reservation_id=hold.reservation_id)
    assert "1 released, 0 expired" in text(browser.get(PAGE))


class TestNarrowed:
    @pytest.fixture
    def keys(self, company):
        return histories.of_every_kind(company, histories.prices("classify", "summarize"))

    @pytest.mark.parametrize("dimension", ["endpoint", "key", "outcome"])
    def test_each_row_leads_to_its_own_figures(self, browser, company, keys, dimension):
        usage = browser.get(PAGE).context["usage"]
        table = next(one for one in usage.tables if one.dimension == dimension)
        assert len(table.rows) > 2
        for row in table.rows:
            narrowed = browser.get(f"{PAGE}?{row.narrower}")
            page = text(narrowed)
            assert figure(page, "calls") == row.calls.replace(",", "")
            assert figure(page, "used") == row.credits.replace(",", "")
            own = next(one for one in narrowed.context["usage"].tables if one[0] == dimension)
            assert [one.words for one in own.rows] == [row.words]
            assert own.rows[0].narrower == ""
            assert "Holds without a call" not in page
            lines = downloaded(browser.get(f"{PAGE}usage.csv?{row.narrower}")).decode()
            calls = [int(line["calls"]) for line in csv.DictReader(lines.splitlines())]
            assert sum(calls) == int(row.calls.replace(",", ""))

    def test_all_at_once(self, browser, company, keys):
        key = ids.encode("key", keys[1].id)
        page = text(browser.get(f"{PAGE}?endpoint=classify&key={key}&outcome=success"))
        assert figure(page, "calls") == "1" and page.count("Show all<") == 3

    def test_a_row_leads_to_its_calls(self, browser, company, keys):
        today = Clock().now().date()
        page = browser.get(f"{PAGE}?from={today}&to={today}&outcome=success").content.decode()
        assert (
            f'href="/portal/calls/?from={today}&amp;to={today}&amp;outcome=success'
            '&amp;endpoint=classify"'
        ) in page
        assert "endpoint=-" not in "".join(re.findall(r'href="/portal/calls/[^"]*', page))

    def test_the_days_of_the_table_lead_on(self, browser, company, keys):
        today = Clock().now().date()
        page = browser.get(f"{PAGE}?endpoint=classify").content.decode()
        assert f"?from={today}&amp;to={today}&amp;endpoint=classify&amp;unit=credits" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("endpoint=xyz", "There is no endpoint “xyz”: all endpoints are shown."),
        ("endpoint=%00", "There is no endpoint"),
        ("endpoint=<script>", "&lt;script&gt;"),
        ("key=xyz", "Your company has no such key: all keys are shown."),
        ("key=key_0", "Your company has no such key"),
        ("outcome=fine", "There is no outcome “fine”: all outcomes are shown."),
        ("unit=dollars", "A chart is of credits or of calls."),
        ("split=day", "A chart is split by endpoint, key or outcome."),
        ("from=2026-13-01&to=x", "Give both days"),
    ],
)
def test_nonsense_is_said_and_leaves_nothing_out(browser, company, query, said):
    operate("debit", company, amount=CREDIT, outcome="success")
    page = text(browser.get(f"{PAGE}?{query}"))
    assert said in page and figure(page, "calls") == "1"
    is_of_other_days = query.startswith("from=")
    file = browser.get(f"{PAGE}usage.csv?{query}")
    assert file.status_code == (400 if is_of_other_days else 200)


def test_endpoints_of_others_are_not_there(browser, company):
    """Neither called nor in the company's card."""
    rate_cards.create_endpoint(code="of-others", name="Of others")
    said = "There is no endpoint “of-others”"
    assert said in text(browser.get(f"{PAGE}?endpoint=of-others"))


def test_nothing_of_other_companies(browser, company):
    others = histories.funded()
    key = ApiKeyFactory(customer=others, name="theirs").key
    operate("debit", others, amount=7 * CREDIT, api_key_id=key.id)
    page = text(browser.get(f"{PAGE}?key={ids.encode('key', key.id)}"))
    assert "Your company has no such key" in page
    assert "theirs" not in page and key.prefix not in page and figure(page, "calls") == "0"


def test_it_asks_again_while_today_is_shown(browser, company):
    today = Clock().now().date()
    operate("debit", company, amount=CREDIT)
    page = browser.get(PAGE).content.decode()
    again = re.search(r'hx-get="([^"]*)" hx-trigger="every 15s"', page)[1].replace("&amp;", "&")
    assert browser.get(again).status_code == 204
    operate("debit", company, amount=CREDIT)
    answer = browser.get(again)
    assert figure(text(answer), "calls") == "2" and "<html" not in text(answer)
    assert "every 15s" not in text(
        browser.get(f"{PAGE}?from={today - 9 * DAY}&to={today - 2 * DAY}")
    )
    stranger = browser_of(MemberFactory())
    assert stranger.get(again)["HX-Refresh"] == "true"
    assert Client().get(again, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_the_chart_and_its_table_say_the_same(browser, company):
    histories.of_every_kind(company, histories.prices("classify"))
    for unit in ("credits", "calls"):
        for split in ("endpoint", "key", "outcome"):
            response = browser.get(f"{PAGE}?unit={unit}&split={split}")
            usage = response.context["usage"]
            chart = usage.by_day
            for row in next(one for one in usage.tables if one.dimension == split).rows:
                said = getattr(row, unit)
                if said == "0":
                    continue
                assert f", so far, {row.words}: " in chart, (unit, split)
                assert f'<td class="amount">{said}' in chart


class TestProjections:
    def test_what_is_left_is_as_much_a_day_as_of_late(self):
        month = datetime(2026, 11, 1, tzinfo=UTC).date()
        found = projected(month, 300 * CREDIT, 70 * CREDIT, timedelta(days=8, hours=12))
        assert (found.a_day, found.whole) == (10 * CREDIT, 385 * CREDIT)

    def test_a_month_that_is_all_but_over_comes_to_what_was_used(self):
        month = datetime(2026, 11, 1, tzinfo=UTC).date()
        found = projected(month, 300 * CREDIT, 70 * CREDIT, timedelta(seconds=1))
        assert found.whole - found.so_far == 10 * CREDIT // 86_400

    def test_without_a_week_it_is_what_was_used(self):
        month = datetime(2026, 11, 1, tzinfo=UTC).date()
        assert projected(month, 5, 0, 30 * DAY).whole == 5


class TestByTheCalendar:
    @pytest.fixture
    def clock(self, committed):
        clock = Clock()
        yield clock
        clock.reset()

    @pytest.fixture
    def year(self, clock):
        return clock.now().year + 1

    def company(self, clock, at, zone):
        histories.go(clock, at)
        return histories.funded(time_zone=zone)

    @pytest.mark.parametrize(
        ("zone", "month", "begins"),
        [
            ("Europe/Berlin", 1, "01:00"),
            ("Europe/Berlin", 7, "02:00"),
            ("America/New_York", 7, "20:00"),
            ("Asia/Kolkata", 7, "05:30"),
        ],
    )
    def test_days_are_of_utc_in_every_zone(self, clock, year, zone, month, begins):
        start = datetime(year, month, 10, 22, 30, tzinfo=UTC)
        company = self.company(clock, start, zone)
        browser = browser_of(MemberFactory(customer=company))
        for amount in (1, 2, 4):
            operate("debit", company, amount=amount * CREDIT)
            histories.go(clock, clock.now() + timedelta(hours=1))
        page = text(browser.get(PAGE))
        assert f"({zone}) they begin at {begins}" in page and figure(page, "used") == "7"
        assert_is_what_the_api_says(browser, company, start.date() - 3 * DAY, start.date() + DAY)
        assert tables(browser.get(PAGE))["day"][f"{start:%a} 10 {start:%b} {year}"] == (2, "3")

    def test_over_the_hour_that_is_twice(self, clock, year):
        last_sunday = max(
            day
            for number in range(25, 32)
            if (day := datetime(year, 10, number, tzinfo=UTC)).weekday() == 6
        )
        company = self.company(clock, last_sunday - timedelta(minutes=30), "Europe/Berlin")
        browser = browser_of(MemberFactory(customer=company))
        for _ in range(26):
            operate("debit", company, amount=CREDIT)
            histories.go(clock, clock.now() + timedelta(hours=1))
        by_day = tables(browser.get(PAGE))["day"]
        assert [row for row in by_day.values() if row[0]] == [(1, "1"), (24, "24"), (1, "1")]

    def test_a_month_is_projected_from_its_first_day_to_its_last(self, clock, year):
        company = self.company(clock, datetime(year, 1, 25, 12, tzinfo=UTC), "UTC")
        browser = browser_of(MemberFactory(customer=company))
        operate("debit", company, amount=70 * CREDIT)
        histories.go(clock, datetime(year, 1, 31, 18, tzinfo=UTC))
        page = text(browser.get(PAGE))
        assert float(figure(page, "projected")) == pytest.approx(72.5, abs=0.01)
        assert "70 so far, and 10 a day for the 0.2 days that are left" in page
        histories.go(clock, datetime(year, 2, 1, 0, 1, tzinfo=UTC))
        page = text(browser.get(PAGE))
        assert float(figure(page, "projected")) == pytest.approx(280, abs=0.1)
        assert "February" in page and "0 so far" in page
        assert "Projected" not in text(browser.get(f"{PAGE}?from={year}-01-01&to={year}-01-31"))

    def test_it_is_compared_with_as_many_days_before(self, clock, year):
        company = self.company(clock, datetime(year, 3, 1, 12, tzinfo=UTC), "UTC")
        browser = browser_of(MemberFactory(customer=company))
        operate("debit", company, amount=10 * CREDIT, outcome="timeout")
        histories.go(clock, datetime(year, 3, 4, 12, tzinfo=UTC))
        operate("debit", company, amount=15 * CREDIT, outcome="success")
        page = text(browser.get(f"{PAGE}?from={year}-03-04&to={year}-03-06"))
        assert "50 % more than before (10)" in page and "As much as before (1)" in page
        assert "0 of 1 calls; 100.0 % before" in page
        assert f"1 Mar {year} to 3 Mar {year}" in page

    def test_expired_holds_are_counted_before_anybody_has_looked(self, clock, year):
        company = self.company(clock, datetime(year, 4, 1, 12, tzinfo=UTC), "UTC")
        browser = browser_of(MemberFactory(customer=company))
        operate("reserve", company, amount=CREDIT, expires_in=60)
        histories.go(clock, datetime(year, 4, 1, 13, tzinfo=UTC))
        assert "0 released, 1 expired" in text(browser.get(PAGE))


def test_a_spreadsheet_takes_no_name_for_a_formula(browser, company):
    key = ApiKeyFactory(customer=company, name="=1+1").key
    operate("debit", company, amount=CREDIT, api_key_id=key.id)
    response = browser.get(reverse("usage-csv"))
    assert ",'=1+1," in downloaded(response).decode()
    assert re.search(r'filename="usage-[-0-9]{21}\.csv"', response["Content-Disposition"])
