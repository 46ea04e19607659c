"""The dashboard as its page: who sees what of it, when it changes, and when there is nothing."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import StaffRole, User
from billing.admin.dashboard import balance
from billing.dashboard import call_figures, spans
from billing.models import BooksCheck, CallFigures, Job
from ledger import company_sums, services
from ledger.amounts import CREDIT
from tests.billing.admin.conftest import CustomerFactory
from tests.factories.ledger import Book

INDEX, NOW = "admin:index", "dashboard"
BLOCKS = {"balance", "relay", "holds", "credits", "answers", "money", "endpoints", "customers"}


@pytest.fixture(autouse=True)
def _by_the_clock_on_the_wall(db):
    with connection.cursor() as cursor:
        cursor.execute("select shift = '0' from ledger_clock")
        assert cursor.fetchone()[0]


def blocks(page) -> set[str]:
    return set(re.findall(r'id="block-(\w+)"', page.content.decode()))


def state(page) -> str:
    return re.search(r"state=([\w-]+)", page.content.decode())[1]


def of(role, **more):
    return User.objects.create_user(f"{role}@example.com", is_staff=True, staff_role=role, **more)


def test_it_stands_on_the_index(staff):
    assert blocks(staff.get(reverse(INDEX))) == BLOCKS


@pytest.mark.parametrize(
    ("role", "hidden"),
    [
        (StaffRole.SUPPORT, {"money", "balance"}),
        (StaffRole.FINANCE, set()),
        (StaffRole.OPERATIONS, {"money"}),
        (StaffRole.AUDITOR, set()),
        (StaffRole.ADMINISTRATOR, set()),
    ],
)
def test_each_role_sees_its_blocks(client, role, hidden):
    client.force_login(of(role))
    for url in (reverse(INDEX), reverse(NOW)):
        assert blocks(client.get(url)) == BLOCKS - hidden


def test_who_may_not_see_it_has_the_lists_alone(client):
    client.force_login(User.objects.create_user("clerk@example.com", is_staff=True))
    page = client.get(reverse(INDEX))
    assert page.status_code == 200 and not blocks(page)
    assert client.get(reverse(NOW)).status_code == 403


def test_who_has_signed_out_gets_a_new_page(client):
    assert client.get(reverse(NOW)).status_code == 302
    answer = client.get(reverse(NOW), headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"


def test_only_money_of_calls_is_for_those_who_see_margins(client):
    book = Book.funded(100 * CREDIT, kind="paid", price=100_00, currency="USD")
    book.debit(40 * CREDIT)
    call_figures.work_out(spans.of(7, timezone.now()))
    for role, sees in ((StaffRole.SUPPORT, False), (StaffRole.OPERATIONS, True)):
        client.force_login(of(role))
        page = client.get(reverse(INDEX)).content.decode()
        endpoints = page[page.index('id="block-endpoints"') : page.index('id="block-customers"')]
        assert "Credits used" in endpoints
        assert ("Margin %" in endpoints) is sees


def test_nothing_is_sent_while_nothing_changes(staff):
    Job.objects.create(name="canary", succeeded_at=timezone.now() + timedelta(hours=1))
    company_sums.advance(seconds=60)
    for _ in range(3):  # a minute may be over meanwhile
        page = staff.get(reverse(NOW))
        again = staff.get(reverse(NOW), {"state": state(page)})
        if again.status_code == 204:
            break
    assert again.status_code == 204 and not again.content
    Book.funded(100 * CREDIT).reserve(7 * CREDIT)
    changed = staff.get(reverse(NOW), {"state": state(page)})
    assert changed.status_code == 200 and state(changed) != state(page)
    assert state(staff.get(reverse(NOW), {"days": 30})).startswith("30-")


@pytest.mark.parametrize("days", ["1", "7", "30", "90", "", "8", "x", "-1", "\x00", "9" * 400])
def test_any_time_may_be_asked_for(staff, days):
    page = staff.get(reverse(INDEX), {"days": days})
    assert page.status_code == 200 and blocks(page) == BLOCKS
    shown = re.search(r'default" href="[^"]*days=(\d+)" aria-current', page.content.decode())[1]
    assert shown == (days if days in {"1", "7", "30", "90"} else "7")


def test_a_new_installation_is_told_kindly(staff):
    CallFigures.objects.all().delete()
    page = staff.get(reverse(INDEX)).content.decode()
    assert "not checked yet" in page
    assert "worked out in the background" in page


def test_every_link_leads_somewhere(staff):
    book = Book.funded(100 * CREDIT, kind="paid", price=100_00, currency="USD")
    book.debit(40 * CREDIT)
    book.reserve(CREDIT)
    now = timezone.now()
    BooksCheck.objects.create(started_at=now, finished_at=now, checks=9, broken=0, findings=[])
    company_sums.advance(seconds=60)
    call_figures.work_out(spans.of(7, now))
    page = staff.get(reverse(NOW)).content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'<a[^>]* href="([^"]+)"', page)}
    assert len(links) > 12
    for link in links:
        assert staff.get(link).status_code == 200, link


@pytest.mark.parametrize(
    ("broken", "age", "tone", "said"),
    [
        (0, 1, "good", "balance"),
        (2, 1, "bad", "broken"),
        (0, 37, "bad", "not checked lately"),
        (2, 37, "bad", "broken"),
    ],
)
def test_books_are_red_when_broken_or_not_checked_lately(staff, broken, age, tone, said):
    started = timezone.now() - timedelta(hours=age)
    told = {"started_at": started, "finished_at": started, "checks": 70, "findings": []}
    BooksCheck.objects.create(broken=broken, **told)
    figure = balance.figure(BooksCheck.objects.last(), timezone.now())
    assert (figure.tone, figure.value) == (tone, said)
    page = staff.get(reverse(INDEX)).content.decode()
    assert f'<dd class="{tone}">{said}' in page


def test_figures_are_worked_out_again_as_often_as_they_are_not_too_dear(db, monkeypatch):
    CallFigures.objects.all().delete()
    assert call_figures.work_out_due() == "4 worked out"
    assert call_figures.work_out_due() == "0 worked out"
    old = timezone.now() - timedelta(minutes=6)
    CallFigures.objects.update(worked_at=old)
    CallFigures.objects.filter(days=90).update(took=timedelta(seconds=60))
    assert call_figures.work_out_due() == "3 worked out"


def test_a_rate_that_is_missing_is_told(staff):
    now = timezone.now()
    CallFigures.objects.update_or_create(
        days=7,
        defaults={
            "start": now,
            "end": now,
            "as_of": now,
            "worked_at": now,
            "error": "There is no rate from EUR to USD of 2026-11-01 or before.",
        },
    )
    assert "There is no rate from EUR to USD" in staff.get(reverse(INDEX)).content.decode()


def test_names_are_shown_as_they_are(staff):
    customer = CustomerFactory(name="<b>Bold & Sons</b>")
    services.grant(customer.id, amount=10 * CREDIT, kind="promo")
    Book(customer.id).debit(10 * CREDIT)
    call_figures.work_out(spans.of(7, timezone.now()))
    page = staff.get(reverse(INDEX)).content.decode()
    assert "<b>Bold" not in page
