"""In a sandbox, whose clock was moved, all pages go by that clock."""

import re
from datetime import timedelta

import pytest
from django.http import QueryDict
from django.urls import reverse

from ledger import periods, sandboxes, selectors, services
from ledger.amounts import CREDIT
from tests.billing.portal.calls import debit, listed
from tests.downloads import downloaded

AHEAD = timedelta(days=40)


@pytest.fixture
def box(browser, member):
    """A sandbox 40 days ahead, with a call of then."""
    browser.post(reverse("enter-sandbox"), {"customer": str(member.customer_id)})
    box = sandboxes.opened(member.customer)
    sandboxes.refill(box, 1000 * CREDIT)
    sandboxes.move_clock(box, AHEAD)
    debit(box)
    return box


def days(box, back=0):
    today = sandboxes.clock(box).date()
    return {"from": str(today - timedelta(days=back)), "to": str(today)}


def test_the_clock_is_the_customers(box, member):
    assert selectors.now(box.id) - selectors.now() > AHEAD - timedelta(seconds=9)
    assert selectors.now(member.customer_id) - selectors.now() < timedelta(seconds=9)


@pytest.mark.parametrize("back", [0, 35])
def test_calls_by_its_days(browser, box, back):
    assert len(listed(browser.get(reverse("calls"), days(box, back)))) == 1
    file = downloaded(browser.get(reverse("calls-csv"), days(box, back))).decode()
    assert len(file.strip().splitlines()) == 2


def test_the_first_call_is_seen(browser, box):
    assert "Without an endpoint" in browser.get(reverse("start")).content.decode()


def test_usage_of_the_last_days(browser, box):
    page = browser.get(reverse("usage")).content.decode()
    assert re.search(r'id="calls"[^>]*>1<', page)
    assert days(box)["to"] in page


def test_the_overview_has_the_pace_of_then(browser, box):
    assert browser.get(reverse("overview")).context["figures"].lasting is not None


def test_what_ends_ends_by_its_clock(browser, box):
    ends = selectors.now(box.id) + timedelta(days=5, hours=1)
    services.grant(box.id, amount=CREDIT, kind="promo", expires_at=ends)
    (one,) = browser.get(reverse("overview")).context["figures"].expiring
    assert one.when == "in 5 days"
    assert "Ends in 5 days" in browser.get(reverse("lots")).content.decode()


def test_the_apis_usual_period_ends_by_its_clock(box):
    day = timedelta(days=1)
    period = periods.asked_within(QueryDict(), box.id, default=day, longest=day)
    assert abs(period.end - sandboxes.clock(box)) < timedelta(seconds=9)
