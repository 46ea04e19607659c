"""The plan's page, from the first choice to the last invoice."""

import html
from decimal import Decimal

import pytest

from accounts.models import Role
from billing.models import Invoice, Subscription
from billing.plans import running
from billing.providers.sandbox import acts
from ledger import selectors
from ledger.amounts import CREDIT
from tests.accounts.people import browser_of
from tests.billing.plans.world import new_plan
from tests.billing.top_up.owner import save_card
from tests.factories.accounts import MemberFactory
from tests.factories.billing import new_pack
from tests.factories.ledger import Book

PAGE = "/portal/plan/"


@pytest.fixture
def plan(db):
    return new_plan(
        "pro", name="Pro", fee=20_00, included_credits=500, connection_fee=3_00, retry_days=[]
    )


@pytest.fixture
def card(member):
    return save_card(member.customer, new_pack())


def text(browser):
    return html.unescape(browser.get(PAGE).content.decode())


def choose(browser, plan, **form):
    return browser.post(f"{PAGE}choose/{plan.id}/", form)


def of(member):
    return Subscription.objects.get(customer=member.customer)


def test_it_says_what_is_on_offer(browser, plan):
    page = text(browser)
    for told in (
        "Choose a plan",
        "$20.00 a month",
        "500 credits a month",
        "$3.00 a month for each",
    ):
        assert told in page


def test_with_a_saved_card_it_begins_at_once(browser, member, plan, card):
    assert choose(browser, plan, card=card.id).url == PAGE
    page = text(browser)
    for told in ("Your plan is Pro.", "charged to Test 4242", "of 500 credits", "Paid", "I-0"):
        assert told in page
    assert selectors.balance(member.customer_id).available == 1500 * CREDIT
    invoice = Invoice.objects.get()
    pdf = browser.get(f"{PAGE}invoices/{invoice.id}/invoice.pdf")
    assert pdf["Content-Type"] == "application/pdf"


def test_without_a_card_it_leads_to_the_provider_and_keeps_the_card(browser, member, plan):
    assert "/pay/test/" in choose(browser, plan).url or "test" in choose(browser, plan).url
    invoice = Invoice.objects.get()
    charge = invoice.charges.get()
    acts.pay(charge.provider_ref, save_card=True)
    back = browser.get(f"{PAGE}invoices/{invoice.id}/", follow=True)
    assert f"{invoice.document.name} is paid." in html.unescape(back.content.decode())
    assert of(member).card.last4 == "4242"
    assert selectors.balance(member.customer_id).available == 500 * CREDIT


def test_a_card_that_declines_is_mended_with_another(browser, member, plan, card):
    declining = save_card(member.customer, new_pack(), "9979")
    choose(browser, plan, card=declining.id)
    page = text(browser)
    assert "is not paid." in page and "stolen" in page
    browser.post(f"{PAGE}card/", {"card": card.id})
    assert "Test 4242 is charged from now on." in text(browser)
    assert Invoice.objects.get().state == "paid"


def test_it_is_changed_cancelled_and_resumed(browser, member, plan, card):
    large = new_plan("large", name="Large", fee=40_00)
    choose(browser, plan, card=card.id)
    choose(browser, large, when="later")
    assert "on your plan is Large." in text(browser)
    browser.post(f"{PAGE}cancel/")
    assert "Keep the plan" in text(browser)
    browser.post(f"{PAGE}resume/")
    assert "Your plan goes on." in text(browser)
    choose(browser, large, when="now")
    assert of(member).plan == large
    running.run()
    assert {one.state for one in Invoice.objects.all()} == {"paid"}


def test_a_refusal_is_said(browser, member, plan, card):
    choose(browser, plan, card=card.id)
    choose(browser, new_plan("small", fee=1_00), when="now")
    assert "A plan that costs less begins with the next period." in text(browser)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_it_is_for_owners_and_who_does_the_billing(member, plan, role):
    other = browser_of(MemberFactory(customer=member.customer, role=role))
    assert other.get(PAGE).status_code == 403
    assert choose(other, plan).status_code == 403
    assert not Subscription.objects.exists()


def test_an_offer_names_its_caps_rates_term_and_minimum(browser, plan):
    new_plan(
        "contract",
        fee=5_00,
        minimum_spend=500_00,
        term_months=12,
        limits=[
            {"scope": "customer", "kind": "spend", "period": "month", "hard": "1000"},
            {"scope": "key", "kind": "rate", "calls": 100, "per": "minute"},
            {"scope": "customer", "kind": "rate", "calls": 1, "per": "second"},
            {"scope": "customer", "kind": "holds", "hard": 1},
        ],
    )
    page = text(browser)
    for told in (
        "$500.00 a month at least",
        "Agreed to for 12 months",
        "The company: at most 1,000 credits a month",
        "Each key: 100 calls in 60 seconds",
        "The company: 1 call in 1 second<",
        "The company: at most 1 open hold<",
    ):
        assert told in page


def test_a_cap_below_what_is_spent_says_the_figures_and_what_to_do(browser, member):
    cap = {"scope": "customer", "kind": "spend", "period": "month", "hard": "500"}
    book = Book(member.customer_id)
    book.grant(1000 * CREDIT)
    book.debit(600 * CREDIT)
    choose(browser, new_plan(limits=[cap]))
    assert (
        "600 credits are spent or held already this month, which is more than the cap of 500"
        " would be: take a higher cap, or wait until the month is over." in text(browser)
    )
    assert not Subscription.objects.exists()


def test_a_plan_that_needs_a_card_leads_to_where_one_is_saved(browser, member):
    choose(browser, new_plan(overage="post_paid", credit_limit=10, overage_price=Decimal("0.1")))
    page = text(browser)
    assert "This plan needs a saved card" in page
    assert '<a href="/portal/buy/">Buy credits</a>' in page.partition('id="toasts"')[2]


def test_in_utc_an_instant_is_said_once(browser, member, plan, card):
    choose(browser, plan, card=card.id)
    assert ", 00:00 UTC)" not in text(browser)
    type(member.customer).objects.update(time_zone="Asia/Tokyo")
    assert " UTC)" in text(browser)


def test_a_plan_that_costs_nothing_says_nothing_of_charging(browser, member):
    free = new_plan(included_credits=10)
    assert "charged" not in text(browser)
    choose(browser, free)
    page = text(browser)
    assert "Next period" in page and "Next charge" not in page
    assert "charged" not in page and "no card is chosen" not in page
