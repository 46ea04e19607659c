"""Every page for buying, tried by every role, by another company, and by nobody."""

import pytest
from django.urls import reverse

from accounts.ids import uuid7
from accounts.models import Role
from billing.relay import relay
from billing.webhooks_out import endpoints
from tests.accounts.people import browser_of
from tests.factories.accounts import MemberFactory, UserFactory
from tests.factories.billing import bought

# Of a purchase, and not.
OF_ONE = ["purchase", "checkout-outcome", "checkout-state", "refund", "refund-preview"]
OF_ALL = ["buy", "purchases", "billing-profile"]
MAY_BUY = {Role.OWNER, Role.BILLING}


def addresses(purchase):
    return [
        *map(reverse, OF_ALL),
        *(reverse(name, args=[purchase.id]) for name in OF_ONE),
        reverse("document", args=[purchase.id, purchase.documents.get().name]),
    ]


@pytest.fixture
def purchase(member):
    return bought(member.customer).purchase


@pytest.mark.parametrize("role", Role)
def test_each_role_sees_what_it_may(member, purchase, role):
    browser = browser_of(MemberFactory(customer=member.customer, role=role))
    for address in addresses(purchase):
        may_not = browser.get(address).status_code == 403
        assert may_not == (role not in MAY_BUY), address
    assert browser.get(reverse("overview")).status_code == 200


@pytest.mark.parametrize("role", sorted(set(Role) - MAY_BUY))
def test_who_may_not_buy_changes_nothing(member, purchase, role):
    browser = browser_of(MemberFactory(customer=member.customer, role=role))
    for address in addresses(purchase):
        assert browser.post(address, {"how": "whole"}).status_code in (403, 405), address


def test_who_may_not_buy_is_not_led_there(member):
    browser = browser_of(MemberFactory(customer=member.customer, role=Role.VIEWER))
    page = browser.get(reverse("overview")).content.decode()
    assert reverse("buy") not in page
    assert reverse("purchases") not in page


def test_nobody_sees_another_companys_purchase(purchase):
    stranger = browser_of(MemberFactory())
    for name in set(OF_ONE) - {"checkout-state"}:
        address = reverse(name, args=[purchase.id])
        assert stranger.get(address).status_code == 404, name
    document = reverse("document", args=[purchase.id, purchase.documents.get().name])
    assert stranger.get(document).status_code == 404
    state = reverse("checkout-state", args=[purchase.id])
    query = {"of": purchase.customer_id}
    assert stranger.get(state, query)["HX-Refresh"] == "true"
    assert stranger.get(state, {"of": ""})["HX-Refresh"] == "true"


def test_a_form_of_another_company_is_for_none(member, purchase):
    stranger = browser_of(MemberFactory())
    told = {"customer": member.customer_id, "how": "whole"}
    for name in ("buy", "billing-profile"):
        assert stranger.post(reverse(name), told).status_code == 404
    assert stranger.post(reverse("refund", args=[purchase.id]), told).status_code == 404


def test_who_belongs_to_no_company_has_nothing_to_buy_for(purchase):
    browser = browser_of(UserFactory())
    for address in addresses(purchase):
        assert browser.get(address).status_code == 404, address


def test_who_is_not_signed_in_is_asked_to(client, purchase):
    for address in addresses(purchase):
        response = client.get(address)
        assert response.status_code == 302, address
        assert response.url.startswith("/accounts/login/?next="), address


@pytest.mark.parametrize(("role", "sees"), [(Role.OWNER, True), (Role.BILLING, False)])
def test_addresses_of_webhooks_are_for_who_keeps_keys(member, role, sees):
    """Whoever reads one can post there."""
    url = "https://1.1.1.1/services/SECRET"
    endpoints.add(uuid7(), customer=member.customer, url=url, description="")
    bought(member.customer)
    relay()
    browser = browser_of(MemberFactory(customer=member.customer, role=role))
    page = browser.get(reverse("told-events")).content.decode()
    assert "On its way" in page and ("SECRET" in page) is sees
