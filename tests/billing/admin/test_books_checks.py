"""Staff see whether the books balance, and ask."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.urls import reverse

from accounts import ids
from accounts.models import User
from billing import books_checks
from billing.models import BooksCheck, Payment
from ledger import checks

LIST = reverse("admin:billing_bookscheck_changelist")
VERIFY = reverse("admin:billing_bookscheck_verify")


@pytest.fixture(autouse=True)
def _in_this_transaction(monkeypatch):
    """A test's own, which is no snapshot of its own."""
    monkeypatch.setattr(checks, "verify", lambda: list(checks.run(connection)))


@pytest.fixture
def clerk(db, client):
    """Staff who may look."""
    return _staff(client, "view_bookscheck")


def _staff(client, *permissions):
    clerk = User.objects.create_user("clerk@example.com", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(clerk)
    return client


def page_of(run):
    return reverse("admin:billing_bookscheck_change", args=[run.pk])


def test_asked_for_it_is_done_and_shown(staff, boss, purchase):
    answer = staff.post(VERIFY)
    run = BooksCheck.objects.get()
    assert answer.url == page_of(run)
    assert (run.asked_by, run.checks) == (boss, len(run.findings))
    page = staff.get(answer.url).content.decode()
    for finding in run.findings:
        assert finding["name"] in page
    assert "boss@example.com" in page


def test_it_says_that_they_balance(staff, settings):
    settings.CHECKS = ["tests.billing.suites.BALANCED"]
    page = staff.post(VERIFY, follow=True)
    assert [str(told) for told in page.context["messages"]] == [
        "The books balance: all checks hold."
    ]
    assert "Every check holds" in page.content.decode()


def test_what_is_broken_comes_with_its_rows_and_links(staff, acme, purchase):
    Payment.objects.filter(purchase=purchase).update(refunded=1)
    page = staff.post(VERIFY, follow=True)
    assert "do not balance" in str(next(iter(page.context["messages"])))
    told = page.content.decode()
    assert "Broken: A payment&#x27;s running totals" in told
    row = re.search(rf"<tr>(?:(?!</tr>).)*{purchase.name}.*?</tr>", told, re.DOTALL)
    assert reverse("admin:billing_purchase_change", args=[purchase.pk]) in row[0]
    assert reverse("admin:accounts_customer_change", args=[acme.pk]) in row[0]
    assert '<td class="amount">1</td>' in row[0]
    Payment.objects.filter(purchase=purchase).update(refunded=0)


def test_columns_stand_as_the_check_has_them(staff, purchase):
    Payment.objects.filter(purchase=purchase).update(refunded=1)
    page = staff.post(VERIFY, follow=True).content.decode()
    Payment.objects.filter(purchase=purchase).update(refunded=0)
    columns = re.findall(r"<th[^>]*>([^<]*)</th>", page)
    assert columns[:5] == ["customer", "purchase", "amount", "refunded", "by refunds"]


def test_rows_that_are_not_kept_are_counted(staff, settings):
    settings.CHECKS = ["tests.billing.suites.BROKEN"]
    page = staff.post(VERIFY, follow=True).content.decode()
    assert "And 5 more." in page


def test_the_list_says_when_by_whom_and_what(staff, settings):
    settings.CHECKS = ["tests.billing.suites.BALANCED"]
    staff.post(VERIFY)
    books_checks.run()
    settings.CHECKS = ["tests.billing.suites.BROKEN"]
    staff.post(VERIFY)
    page = staff.get(LIST)
    assert [run.broken for run in page.context["cl"].result_list] == [1, 0, 0]
    told = page.content.decode()
    for text in ("Verify now", "boss@example.com", "the clock", "1 check broken", "balance"):
        assert text in told
    broken = staff.get(LIST, {"outcome": "broken"}).context["cl"].result_list
    assert [run.broken for run in broken] == [1]


def test_who_may_look_may_not_ask(clerk):
    run = books_checks.run()
    for page in (LIST, page_of(run)):
        answer = clerk.get(page)
        assert answer.status_code == 200
        assert "Verify now" not in answer.content.decode()
    assert clerk.post(VERIFY).status_code == 403
    assert BooksCheck.objects.count() == 1


def test_who_may_ask_has_the_button(client, db):
    clerk = _staff(client, "view_bookscheck", "run_books_check")
    assert "Verify now" in clerk.get(LIST).content.decode()
    assert clerk.post(VERIFY).status_code == 302


def test_others_see_nothing(client, db):
    assert _staff(client, "view_purchase").get(LIST).status_code == 403


def test_a_link_does_not_ask(staff):
    assert staff.get(VERIFY).status_code == 405
    assert BooksCheck.objects.count() == 0


@pytest.mark.parametrize(
    "damaged",
    ["cus_", "cus_1", "lot_zz", "rsv_1", "<script>", "pur_"],
)
def test_what_is_no_id_is_text(staff, damaged):
    finding = {"name": "x", "title": "x", "why": "x", "broken": 1}
    finding |= {"columns": ["a"], "rows": [{"a": damaged}]}
    run = books_checks.run()
    kept = BooksCheck.objects.create(
        started_at=run.started_at,
        finished_at=run.finished_at,
        checks=1,
        broken=1,
        findings=[finding],
    )
    page = staff.get(page_of(kept)).content.decode()
    assert f"<td>{damaged.replace('<', '&lt;').replace('>', '&gt;')}</td>" in page


def test_lots_and_reservations_and_transactions_lead_to_theirs(staff, acme):
    lot, other = acme.pk, acme.pk.hex
    row = {
        "customer": ids.encode("cus", acme.pk),
        "lot": ids.encode("lot", lot),
        "reservation": f"rsv_{other}{other}00000001",
        "transaction": f"txn_{other}",
        "refund": f"ref_{other}",
        "lots": [f"lot_{other}", f"lot_{other}"],
    }
    finding = {"name": "x", "title": "x", "why": "x", "broken": 1}
    finding |= {"columns": list(row), "rows": [row]}
    run = books_checks.run()
    kept = BooksCheck.objects.create(
        started_at=run.started_at,
        finished_at=run.finished_at,
        checks=1,
        broken=1,
        findings=[finding],
    )
    page = staff.get(page_of(kept)).content.decode()
    both = other + other
    assert page.count(reverse("admin:ledger_lot_change", args=[both])) == 3
    assert reverse("admin:ledger_reservation_change", args=[both]) in page
    assert f"{reverse('admin:ledger_transfer_changelist')}?q=txn_{other}" in page
    assert f"{reverse('admin:billing_purchase_changelist')}?q=ref_{other}" in page
