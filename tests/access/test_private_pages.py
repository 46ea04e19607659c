"""No browser and no proxy keeps what is one person's."""

import pytest
from django.urls import reverse

from tests.accounts.people import browser_of
from tests.factories.accounts import MemberFactory
from tests.factories.billing import sold_by_the_test_provider

pytestmark = pytest.mark.django_db

PAGES = [
    "overview",
    "figures",
    "needs",
    "recent-usage",
    "usage",
    "usage-now",
    "limits-now",
    "buy",
    "purchases",
    "billing-profile",
    "keys",
    "webhooks",
    "webhook-events",
    "members",
    "account",
    "account_email",
    "mfa_index",
    "usersessions_list",
]


@pytest.fixture
def owner():
    return MemberFactory()


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_kept_by_nobody(owner, page):
    response = browser_of(owner).get(reverse(page))
    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))


def test_receipts_are_kept_by_nobody(owner):
    purchase = sold_by_the_test_provider(owner.customer)
    (receipt,) = purchase.documents.all()
    response = browser_of(owner).get(reverse("document", args=[purchase.id, receipt.name]))
    assert response["Content-Type"] == "application/pdf"
    assert "no-store" in response["Cache-Control"]


def test_what_is_the_same_for_everybody_may_be_kept(client):
    assert "Cache-Control" not in client.get("/v1/openapi.json")
