"""The overview: its figures are the API's, and it says what needs whom."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from accounts import services as accounts_services
from accounts.models import KeyNotice, Role
from accounts.permissions import Right
from billing.models import TopUpSettings
from billing.portal import instants
from billing.portal.overview import first_steps
from ledger import limits, selectors, services
from ledger.amounts import CREDIT
from ledger.errors import Refused
from ledger.limits import Limit
from tests.accounts.conftest import Caller, committed
from tests.accounts.people import browser_of
from tests.billing.portal import histories
from tests.factories.accounts import (
    ApiKeyFactory,
    CustomerFactory,
    MemberFactory,
    ServiceKeyFactory,
)
from tests.factories.billing import bought, dispute_fact, say
from tests.factories.ledger import Clock
from tests.ledger.api.conftest import operate, path

__all__ = ["committed"]

PAGE = "/portal/"
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


def figures(page):
    return {name: figure(page, name) for name in ("available", "held", "frozen", "total")}


def needs(browser):
    return [(one.tone, one.title) for one in browser.get(PAGE).context["needs"]]


def balance(company):
    api = Caller(ServiceKeyFactory().secret)
    return api.get(path(company, "/balance")).json()


def test_the_figures_are_the_apis_and_add_up(browser, company):
    payment = bought(company)
    say(dispute_fact(payment, "open"))
    histories.of_every_kind(company, histories.prices("classify"))
    operate("reserve", company, amount=11_500_000)
    shown, told = figures(text(browser.get(PAGE))), balance(company)
    assert {name: float(said) for name, said in shown.items()} == {
        name: float(told[name]) for name in shown
    }
    assert float(shown["held"]) == 15.5 and float(shown["frozen"]) == 1000
    parts = [float(shown[name]) for name in ("available", "held", "frozen")]
    assert sum(parts) == pytest.approx(float(shown["total"]))


def test_how_long_it_lasts_is_what_the_api_says(browser, company):
    operate("debit", company, amount=2_000 * CREDIT)
    lasting = browser.get(PAGE).context["figures"].lasting
    assert lasting.days == balance(company)["runway_days"] == 49
    page = text(browser.get(PAGE))
    empty = Clock().now() + 49 * DAY
    assert "About 49 days left" in page and f'empty on <time datetime="{empty:%Y-%m-%d}' in page
    assert "2,000 credits a day, as in the first hours, since" in page


def test_of_more_than_a_year_no_day_is_said(browser, company):
    operate("debit", company, amount=CREDIT)
    page = text(browser.get(PAGE))
    assert "More than a year left" in page and "empty on" not in page


def test_without_use_there_is_no_pace(browser, company):
    assert "as soon as there is a pace" in text(browser.get(PAGE))
    assert "No calls in these days." in text(browser.get(PAGE))


def test_what_expires_is_said_in_words_and_by_both_clocks(db):
    company = CustomerFactory(time_zone="Asia/Kolkata")
    at = Clock().now() + timedelta(days=5, hours=1)
    services.grant(company.id, amount=7 * CREDIT, kind="promo", expires_at=at)
    operate("debit", company, amount=CREDIT)
    page = text(browser_of(MemberFactory(customer=company)).get(PAGE))
    there = at + timedelta(hours=5, minutes=30)
    assert "In 5 days" in page and f"{there:%H:%M} Asia/Kolkata)" in page
    assert "UTC days, which begin at 05:30 Asia/Kolkata" in page and ">Soon<" in page
    assert 'href="/portal/lots/"' in page


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({"minutes": 59}, "within the hour"),
        ({"hours": 1}, "in 1 hour"),
        ({"hours": 47}, "in 47 hours"),
        ({"hours": 48}, "in 2 days"),
        ({"days": 12, "hours": 23}, "in 12 days"),
    ],
)
def test_times_in_words(left, said):
    assert instants.until(timedelta(**left)) == said


@pytest.mark.parametrize(
    ("zone", "month", "there"),
    [
        ("UTC", 1, ""),
        ("Europe/Berlin", 1, "01:30 Europe/Berlin"),
        ("Europe/Berlin", 7, "02:30 Europe/Berlin"),
        ("America/New_York", 1, "9 Jan 2027, 19:30 America/New_York"),
    ],
)
def test_instants_by_the_companys_clocks(db, zone, month, there):
    instant = datetime(2027, month, 10, 0, 30, tzinfo=UTC)
    assert instants.there(instant, CustomerFactory(time_zone=zone)) == there


@pytest.mark.parametrize(
    ("zone", "said"),
    [("America/Phoenix", "17:00 on the day before"), ("Asia/Kolkata", "05:30")],
)
def test_days_that_begin_on_the_day_before_say_so(db, zone, said):
    browser = browser_of(MemberFactory(customer=CustomerFactory(time_zone=zone)))
    page = text(browser.get(reverse("usage")))
    assert f"({zone}) they begin at {said}." in page
    assert f"are those of {zone}" in page


def test_the_chart_is_of_thirty_days_and_says_that_today_is_not_over(browser, company):
    histories.of_every_kind(company, histories.prices("classify"))
    page = text(browser.get(PAGE))
    today = Clock().now().date()
    assert f"{today:%-d %b}, so far" in page and "Today is not over" in page
    assert page.count('<th scope="row">') == 30
    assert f'href="/portal/usage/?from={today - 29 * DAY}&amp;to={today}"' in page


class TestWhatNeedsOne:
    def test_nothing_where_all_is_well(self, browser, company):
        assert needs(browser) == []
        assert "What needs you" not in text(browser.get(PAGE))

    def test_no_credits(self, db):
        company = CustomerFactory()
        browser = browser_of(MemberFactory(customer=company))
        assert needs(browser) == [("bad", "There are no credits left to spend.")]
        viewer = browser_of(MemberFactory(customer=company, role=Role.VIEWER))
        (need,) = viewer.get(PAGE).context["needs"]
        assert need.href == "" and need.text.endswith("Ask an owner to buy some.")

    def test_suspended_keys(self, browser, company):
        accounts_services.suspend_keys(company.id)
        assert needs(browser) == [("bad", "Your keys are suspended while a payment is owed.")]

    def test_a_suspended_company(self, browser, company):
        accounts_services.suspend_customer(company)
        assert needs(browser) == [("bad", "The company is suspended.")]

    def test_a_dispute(self, browser, company):
        payment = bought(company)
        say(dispute_fact(payment, "open"))
        assert needs(browser) == [("warn", "$100.00 is in dispute.")]
        assert reverse("purchase", args=[payment.purchase_id]) in text(browser.get(PAGE))
        say(dispute_fact(payment, "won"))
        assert needs(browser) == []

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER])
    def test_who_does_not_buy_reads_no_money(self, company, role):
        say(dispute_fact(bought(company), "open"))
        page = text(browser_of(MemberFactory(customer=company, role=role)).get(PAGE))
        assert "A payment is in dispute." in page and "$" not in page
        assert re.search(r"decided, [0-9,]+ credits cannot be spent\. Ask an owner\.", page)

    @pytest.mark.parametrize(
        ("used", "tone", "how"),
        [(8, None, ""), (9, "warn", "is near"), (10, "bad", "is reached")],
    )
    def test_a_cap(self, browser, company, used, tone, how):
        cap = Limit("customer", "spend", period="day", hard=10 * CREDIT)
        limits.set_limits(company.id, "customer", [cap])
        operate("debit", company, amount=used * CREDIT)
        found = needs(browser)
        assert [one for one, _ in found] == ([tone] if tone else [])
        assert all(f"A cap {how}: The company, at most 10 credits a day." == t for _, t in found)

    def test_a_cap_that_refused_what_was_too_much_for_it(self, browser, company):
        """Until the next period it is said, though not all of the cap is used."""
        cap = Limit("customer", "spend", period="day", hard=6 * CREDIT)
        limits.set_limits(company.id, "customer", [cap])
        operate("debit", company, amount=4 * CREDIT)
        assert needs(browser) == []
        with pytest.raises(Refused):
            operate("debit", company, amount=3 * CREDIT)
        (need,) = browser.get(PAGE).context["needs"]
        (standing,) = limits.of(company.id)
        until = f"until {standing.resets_at:%-d %b %Y, %H:%M} UTC"
        assert need.tone == "bad" and need.title.startswith("A cap refuses calls: The company")
        assert need.text == f"4 of 6 used. Calls that would pass it are refused {until}."
        for name in ("limits", "limits-now"):
            page = text(browser.get(reverse(name), {"of": company.id}))
            assert '<span class="badge bad">4 of 6 used' in page
            assert f"Refuses calls</strong> that would pass it, {until}" in page

    def test_a_cap_of_each_key_that_refused(self, browser, company):
        limits.set_limits(
            company.id, "customer", [Limit("key", "spend", period="lifetime", hard=6 * CREDIT)]
        )
        key = ApiKeyFactory(customer=company, name="app").key
        operate("debit", company, amount=4 * CREDIT, api_key_id=key.id)
        assert [one.refuses for one in limits.of_each_key(company.id)] == [False]
        with pytest.raises(Refused):
            operate("debit", company, amount=3 * CREDIT, api_key_id=key.id)
        assert [title for _, title in needs(browser)] == [
            "A cap refuses calls: Key app, at most 6 credits in all."
        ]
        assert ">Refuses calls<" in text(browser.get(reverse("keys")))

    def test_a_soft_cap(self, browser, company):
        cap = Limit("customer", "spend", period="day", soft=5 * CREDIT, hard=10 * CREDIT)
        limits.set_limits(company.id, "customer", [cap])
        operate("debit", company, amount=5 * CREDIT)
        ((tone, title),) = needs(browser)
        assert tone == "warn" and title.startswith("A soft cap is reached: The company")

    def test_a_key_used_from_many_addresses(self, browser, company):
        key = ApiKeyFactory(customer=company, name="app").key
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        KeyNotice.objects.create(key=key, day=now.date(), hour=now, addresses=84, usual=3)
        (need,) = browser.get(PAGE).context["needs"]
        assert need.title == "The key app was used from unusually many addresses."
        assert "84 in the hour of" in need.text and need.href == reverse("keys")
        billing = browser_of(MemberFactory(customer=company, role=Role.BILLING))
        assert billing.get(PAGE).context["needs"][0].href == ""

    def test_what_stops_calls_comes_first(self, browser, company):
        payment = bought(company)
        say(dispute_fact(payment, "open"))
        accounts_services.suspend_keys(company.id)
        assert [tone for tone, _ in needs(browser)] == ["bad", "warn"]

    def test_nothing_of_others(self, browser, company):
        others = histories.funded()
        say(dispute_fact(bought(others), "open"))
        accounts_services.suspend_keys(others.id)
        assert needs(browser) == []
        assert not TopUpSettings.objects.filter(customer=company).exists()


class TestParts:
    @pytest.mark.parametrize("name", ["figures", "needs", "recent-usage"])
    def test_each_asks_for_itself(self, browser, company, name):
        page = browser.get(PAGE).content.decode()
        address = re.search(rf'hx-get="({reverse(name)}[^"]*)"', page)[1].replace("&amp;", "&")
        operate("debit", company, amount=CREDIT)
        answer = browser.get(address)
        assert answer.status_code == 200 and "<html" not in answer.content.decode()
        assert f'hx-get="{reverse(name)}' in answer.content.decode()
        assert browser_of(MemberFactory()).get(address)["HX-Refresh"] == "true"

    def test_figures_that_changed_tell_the_page(self, browser, company):
        page = browser.get(PAGE).content.decode()
        address = re.search(r'hx-get="(/portal/figures/[^"]*)"', page)[1].replace("&amp;", "&")
        assert browser.get(address).status_code == 204
        operate("debit", company, amount=CREDIT)
        assert "figures-changed" in browser.get(address)["HX-Trigger"]

    def test_asking_whether_anything_changed_is_one_query(
        self, browser, company, django_assert_num_queries
    ):
        page = browser.get(PAGE).content.decode()
        address = re.search(r'hx-get="(/portal/figures/[^"]*)"', page)[1].replace("&amp;", "&")
        # Session, person and company, and then the one.
        with django_assert_num_queries(4):
            assert browser.get(address).status_code == 204


def test_a_newcomer_is_led_to_the_first_call(browser):
    page = text(browser.get(PAGE))
    assert 'href="/portal/start/">First call' in page


def test_a_call_is_the_first_step_done(browser, company):
    """Before it is noted that its key was used."""
    key = ApiKeyFactory(customer=company).key
    called = {step.title: step.done for step in browser.get(PAGE).context["steps"]}
    assert not called["Make your first call"]
    operate("debit", company, amount=CREDIT, api_key_id=key.id)
    called = {step.title: step.done for step in browser.get(PAGE).context["steps"]}
    assert called["Make your first call"]


class TestInTheSandbox:
    @pytest.fixture
    def member(self, company):
        return MemberFactory(customer=company)

    def test_no_credits_are_refilled(self, member):
        browser = browser_of(member)
        browser.post(reverse("enter-sandbox"))
        sandbox = browser.get(PAGE).context["request"].member.customer
        left = selectors.balance(sandbox.id).available
        if left:
            operate("debit", sandbox, amount=left)
        (need,) = browser.get(PAGE).context["needs"]
        assert (need.href, need.action) == (reverse("sandbox"), "Refill it")

    def test_pages_that_are_not_there_say_how_to_leave(self, member):
        browser = browser_of(member)
        browser.post(reverse("enter-sandbox"))
        answer = browser.get(reverse("buy"))
        page = answer.content.decode()
        assert answer.status_code == 403 and "<h1>Not in the sandbox</h1>" in page
        assert "Your role may not" not in page
        assert f'action="{reverse("leave-sandbox")}"' in page


def test_what_was_paid_elsewhere_is_bought(member):
    def is_to_buy():
        return first_steps.is_to_buy(first_steps.steps(member.customer, [Right.BUY]))

    services.grant(member.customer_id, amount=CREDIT, kind="promo")
    assert is_to_buy()
    services.grant(member.customer_id, amount=CREDIT, kind="paid", price=100, currency="USD")
    assert not is_to_buy()


def test_the_clock_runs_out_of_a_lot(committed):
    """What expired is not counted any more, without anybody having looked."""
    clock = Clock()
    try:
        company = CustomerFactory()
        at = clock.now() + timedelta(hours=3)
        services.grant(company.id, amount=7 * CREDIT, kind="promo", expires_at=at)
        browser = browser_of(MemberFactory(customer=company))
        assert "In 2 hours" in text(browser.get(PAGE))
        clock.forward(4 * 60 * 60)
        page = text(browser.get(PAGE))
        assert figures(page)["total"] == "0" and "Nothing that expires" in page
    finally:
        clock.reset()
