"""Limits, rotation and suspension, as people set them; the company's time zone."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import rotation, services
from accounts.errors import ProvidersSuspension
from accounts.ids import uuid7
from accounts.models import ApiKey, Customer, KeyNotice, Role
from ledger import selectors
from ledger.prices import rate_cards
from tests.accounts.people import browser_of, said
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, MemberFactory

pytestmark = pytest.mark.django_db

NEXT_YEAR = date(timezone.now().year + 1, 3, 28)


@pytest.fixture
def company():
    return CustomerFactory(name="Acme", time_zone="Europe/Vienna")


@pytest.fixture
def desk(company):
    card = rate_cards.create_card(name="sold", effective_at=selectors.now())
    for code in ("classify", "summarize"):
        rate_cards.set_price(card, rate_cards.create_endpoint(code=code, name=code))
    rate_cards.publish(card)
    return browser_of(MemberFactory(customer=company, role=Role.OWNER))


def form(**fields):
    return {"name": "web", "key": uuid7(), **fields}


def test_a_key_is_made_with_limits(desk):
    limits = {
        "endpoints": ["classify"],
        "networks": "203.0.113.0/24\n 2001:DB8::/32 ",
        "last_day": NEXT_YEAR.isoformat(),
    }
    page = desk.post(reverse("keys"), form(**limits)).content.decode()
    key = ApiKey.objects.get()
    assert key.endpoints == ["classify"]
    assert key.networks == ["203.0.113.0/24", "2001:db8::/32"]
    assert key.expires_at == datetime.combine(
        NEXT_YEAR + timedelta(days=1), datetime.min.time(), ZoneInfo("Europe/Vienna")
    )
    assert "from 203.0.113.0/24<br>from 2001:db8::/32" in page
    assert f"{key.expires_at.astimezone(UTC):%H:%M} UTC" in page


def test_without_limits_it_has_none(desk):
    desk.post(reverse("keys"), form())
    key = ApiKey.objects.get()
    assert (key.endpoints, key.networks, key.expires_at) == (None, [], None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("networks", "203.0.113.5/24"),
        ("networks", "here"),
        ("endpoints", ["nothing"]),
        ("last_day", "2020-01-01"),
        ("last_day", "soon"),
    ],
)
def test_wrong_limits_make_no_key(desk, field, value):
    response = desk.post(reverse("keys"), form(**{field: value}))
    assert field in response.context["form"].errors
    assert not ApiKey.objects.exists()


def test_limits_are_changed_and_an_end_keeps_its_second(desk, company):
    ends_at = timezone.now() + timedelta(days=40, seconds=7)
    key = ApiKeyFactory(customer=company, name="a", expires_at=ends_at).key
    page = desk.get(reverse("edit-key", args=[key.id]))
    day = page.context["form"].initial["last_day"]
    changed = {"name": "b", "networks": "10.0.0.0/8", "last_day": day.isoformat()}
    assert said(desk.post(page.wsgi_request.path, changed, follow=True)) == ["The key is saved."]
    key.refresh_from_db()
    assert (key.name, key.networks, key.expires_at) == ("b", ["10.0.0.0/8"], ends_at)
    desk.post(page.wsgi_request.path, {"name": "b"})
    key.refresh_from_db()
    assert (key.networks, key.expires_at) == ([], None)


def test_a_revoked_key_is_not_changed(desk, company):
    key = ApiKeyFactory(customer=company, name="a").key
    services.revoke_key(key)
    for name, told in (("edit-key", {"name": "b"}), ("suspend-key", {})):
        response = desk.post(reverse(name, args=[key.id]), told, follow=True)
        assert "stays as it is" in said(response)[0]
    key.refresh_from_db()
    assert (key.name, key.suspended_at) == ("a", None)


def test_a_rotated_key_has_its_secret_shown_once(desk, company):
    key = ApiKeyFactory(customer=company, name="web", networks=["10.0.0.0/8"]).key
    path = reverse("rotate-key", args=[key.id])
    told = {"overlap": 1, "key": uuid7()}
    page = desk.post(path, told).content.decode()
    assert re.search(r"ddk_\w{32}_\w{6}", page)
    old = ApiKey.objects.get(replaced_by=key)
    assert old.networks == ["10.0.0.0/8"]
    assert timedelta(minutes=59) < old.expires_at - timezone.now() <= timedelta(hours=1)
    again = desk.post(path, told, follow=True)
    assert "its secret was shown once" in said(again)[0]
    assert not re.search(r"ddk_\w{32}_\w{6}", again.content.decode())
    assert ApiKey.objects.count() == 2
    assert ">Replaced<" in desk.get(reverse("keys")).content.decode()


def test_a_key_is_suspended_and_resumed(desk, company):
    key = ApiKeyFactory(customer=company, name="web").key
    path = reverse("suspend-key", args=[key.id])
    assert said(desk.post(path, follow=True)) == ["The key web is suspended."]
    assert ">Suspended<" in desk.get(reverse("keys")).content.decode()
    assert said(desk.post(path, follow=True)) == ["The key web works again."]
    key.refresh_from_db()
    assert key.suspended_at is None


def test_what_the_provider_suspended_the_customer_does_not_resume(desk, company):
    key = ApiKeyFactory(customer=company, name="web").key
    old = rotation.rotate_key(key).old
    services.suspend_key(key)
    services.suspend_key(key, by_provider=True)
    page = desk.get(reverse("keys")).content.decode()
    assert (
        "by your provider: ask them" in page and reverse("suspend-key", args=[key.id]) not in page
    )
    for one in (key, old):
        answer = desk.post(reverse("suspend-key", args=[one.id]), follow=True)
        assert said(answer) == [ProvidersSuspension.detail]
    rotated = rotation.rotate_key(key)
    assert rotated.key.suspended_by_provider and rotated.old.suspended_by_provider
    services.resume_key(rotated.key, by_provider=True)
    assert not ApiKey.objects.filter(suspended_by_provider=True).exists()
    desk.post(reverse("suspend-key", args=[key.id]))
    assert not ApiKey.objects.filter(suspended_at__isnull=False, replaced_by=None).exists()


@pytest.mark.parametrize("first", [True, False])
def test_the_customers_own_suspension_outlives_the_providers(company, first):
    key = ApiKeyFactory(customer=company, name="leaked").key
    services.suspend_key(key, by_provider=first)
    services.suspend_key(key, by_provider=not first)
    since = key.suspended_at
    with pytest.raises(ProvidersSuspension):
        services.resume_key(key)
    services.resume_key(key, by_provider=True)
    assert (key.suspended_at, key.suspended_by_provider) == (since, False)
    services.resume_key(key, by_provider=True)
    assert key.suspended_at == since
    services.resume_key(key)
    assert key.suspended_at is None


def test_a_key_that_the_provider_alone_suspended_works_when_it_is_done(company):
    key = ApiKeyFactory(customer=company).key
    for _ in range(2):
        services.suspend_key(key, by_provider=True)
    services.resume_key(key, by_provider=True)
    assert key.suspended_at is None


def test_an_old_secret_that_the_provider_suspended_stays_so(desk, company):
    key = ApiKeyFactory(customer=company, name="web").key
    old = rotation.rotate_key(key).old
    services.suspend_key(old, by_provider=True)
    for _ in range(2):
        desk.post(reverse("suspend-key", args=[key.id]))
    key.refresh_from_db()
    old.refresh_from_db()
    assert key.suspended_at is None
    assert old.suspended_at is not None and old.suspended_by_provider


def test_many_addresses_are_told_on_the_page(desk, company):
    key = ApiKeyFactory(customer=company, name="web").key
    now = timezone.now()
    KeyNotice.objects.create(key=key, day=now.date(), hour=now, addresses=84, usual=3)
    page = desk.get(reverse("keys")).content.decode()
    assert "The key web was used from 84 addresses in an hour" in page and "usually it is 3" in page
    KeyNotice.objects.update(hour=now - timedelta(days=4))
    assert "84 addresses" not in desk.get(reverse("keys")).content.decode()


def test_the_time_zone_is_the_companys_and_shown_beside_utc(desk, company):
    path = reverse("company-settings")
    assert "in Europe/Vienna, and" in desk.get(path).content.decode()
    assert said(desk.post(path, {"time_zone": "Asia/Tokyo"}, follow=True)) == [
        "The time zone is saved."
    ]
    company.refresh_from_db()
    assert company.time_zone == "Asia/Tokyo"
    assert "time_zone" in desk.post(path, {"time_zone": "Mars"}).context["form"].errors


class TestSandbox:
    @pytest.fixture
    def inside(self, desk):
        desk.post(reverse("enter-sandbox"))
        return desk

    def test_one_enters_and_leaves_it(self, desk, company):
        assert "Enter the sandbox" in desk.get(reverse("sandbox")).content.decode()
        page = desk.post(reverse("enter-sandbox"), follow=True).content.decode()
        assert "Leave the sandbox" in page and "Acme (sandbox)" in page
        assert Customer.objects.filter(sandbox_of=company).count() == 1
        page = desk.post(reverse("leave-sandbox"), follow=True).content.decode()
        assert "Leave the sandbox" not in page and "Acme (sandbox)" not in page

    def test_keys_made_there_are_test_keys(self, inside, company):
        page = inside.post(reverse("keys"), form()).content.decode()
        assert re.search(r"ddt_\w{32}_\w{6}", page)
        key = ApiKey.objects.get()
        assert key.is_test() and key.customer.sandbox_of == company

    def test_it_is_refilled_and_its_clock_goes_on(self, inside):
        assert said(inside.post(reverse("refill-sandbox"), {"amount": "1,500"}, follow=True)) == [
            "The sandbox is refilled."
        ]
        before = inside.get(reverse("sandbox"))
        assert "1,500" in before.content.decode()
        inside.post(reverse("move-sandbox-clock"), {"hours": 48})
        gone = inside.get(reverse("sandbox")).context["now"] - before.context["now"]
        assert timedelta(hours=48) <= gone < timedelta(hours=48, minutes=1)

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("refill-sandbox", {"amount": "-5"}),
            ("refill-sandbox", {"amount": "9000000000"}),
            ("move-sandbox-clock", {"hours": "0"}),
            ("move-sandbox-clock", {"hours": "9000"}),
        ],
    )
    def test_wrong_input_is_told_and_changes_nothing(self, inside, name, told):
        response = inside.post(reverse(name), told)
        assert 'class="errors"' in response.content.decode()
        assert response.context["available"] == "0"

    def test_outside_it_nothing_is_refilled(self, desk, company):
        response = desk.post(reverse("refill-sandbox"), {"amount": "5"}, follow=True)
        assert "This is for sandboxes" in said(response)[0]

    @pytest.mark.parametrize("name", ["buy", "top-up", "purchases", "members", "company-settings"])
    def test_no_money_and_no_people_are_there(self, inside, name):
        response = inside.get(reverse(name))
        assert response.status_code == 403
        assert "No money moves in a sandbox" in response.content.decode()

    def test_its_overview_and_webhooks_are_its_own(self, inside, company):
        inside.post(reverse("refill-sandbox"), {"amount": "77"})
        page = inside.get(reverse("overview")).content.decode()
        assert "The credits of Acme (sandbox)" in page and "77" in page
        assert inside.get(reverse("webhooks")).status_code == 200

    def test_nobody_enters_another_companys(self, inside, company):
        sandbox = Customer.objects.get(sandbox_of=company)
        stranger = browser_of(MemberFactory(role=Role.OWNER))
        told = {"customer": sandbox.id, "amount": "5"}
        assert stranger.post(reverse("refill-sandbox"), told).status_code == 404
        assert stranger.post(reverse("switch-company"), {"customer": sandbox.id}).status_code == 404

    def test_a_viewer_does_not_enter_it(self, company):
        viewer = browser_of(MemberFactory(customer=company, role=Role.VIEWER))
        assert viewer.post(reverse("enter-sandbox")).status_code == 403
        assert not Customer.objects.filter(sandbox_of=company).exists()


def test_only_endpoints_that_are_sold_to_the_company_are_offered(desk):
    other = rate_cards.create_card(
        name="other", effective_at=selectors.now(), customer=CustomerFactory()
    )
    theirs = rate_cards.create_endpoint(code="theirs", name="Theirs")
    rate_cards.create_endpoint(code="unpriced", name="Unpriced")
    rate_cards.set_price(other, theirs, per_call=1)
    rate_cards.publish(other)
    for page in (reverse("keys"), reverse("limits")):
        told = desk.get(page).content.decode()
        assert "classify" in told and "summarize" in told
        assert "unpriced" not in told and "theirs" not in told
    desk.post(reverse("keys"), form(endpoints=["theirs"]))
    assert not ApiKey.objects.exists()
