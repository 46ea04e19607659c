"""One asks, another decides."""

import pytest
from django.urls import reverse

from accounts.models import User
from billing.books import closing, periods
from billing.models import Period, PeriodState, ReopenRequest
from tests.billing.admin.books.conftest import month_ago, person, sold, told

RIGHTS = ("view_period", "reopen_period")


def page_of(month):
    return reverse("admin:billing_period_change", args=[f"{month:%Y-%m}"])


def ask(client, month, reason="A sale was entered twice"):
    page = reverse("admin:billing_period_reopen", args=[f"{month:%Y-%m}"])
    return client.post(page, {"reason": reason}, follow=True)


def decide(client, month, verb="approve"):
    request = ReopenRequest.objects.latest("id")
    page = reverse("admin:billing_period_decide", args=[f"{month:%Y-%m}", request.pk])
    return client.post(page, {verb: "yes"}, follow=True)


@pytest.fixture
def closed(october, last_month):
    closing.close(last_month)
    return last_month


@pytest.fixture
def second(db, client):
    """Signs in as who decides."""

    def sign_in(*rights):
        user = person(f"{len(User.objects.all())}@example.com", *rights)
        client.force_login(user)
        return user

    return sign_in


def test_one_asks_and_another_approves(staff, boss, closed, second):
    answer = ask(staff, closed)
    assert told(answer) == ["Asked. Somebody else who may reopen months decides."]
    assert "You asked for it" in answer.content.decode()
    assert Period.objects.get().state == PeriodState.CLOSED
    approver = second(*RIGHTS)
    listed = staff.get(reverse("admin:billing_period_changelist")).content.decode()
    assert "somebody asks to reopen it" in listed and "A sale was entered twice" in listed
    assert f"Approve: reopen {closed:%Y-%m}" in staff.get(page_of(closed)).content.decode()
    answer = decide(staff, closed)
    assert told(answer) == [f"{closed:%Y-%m} is open again."]
    period = Period.objects.get()
    assert (period.state, period.reopened_by, period.approved_by, period.reason) == (
        *("reopened", boss, approver),
        "A sale was entered twice",
    )
    assert periods.next_to_close() == closed
    assert "A sale was entered twice" in answer.content.decode()


def test_reopened_it_is_closed_again(staff, closed, second):
    ask(staff, closed)
    second(*RIGHTS, "close_period")
    decide(staff, closed)
    page = staff.get(page_of(closed))
    assert {step.state for step in page.context["close"].steps} == {"to come"}
    assert len(page.context["close"].earlier) == 7
    begin = reverse("admin:billing_period_close", args=[f"{closed:%Y-%m}"])
    page = staff.post(begin, follow=True)
    assert [step.state for step in page.context["close"].steps][0] == "next"
    closing.close(closed)
    page = staff.get(page_of(closed))
    assert page.context["close"].done == 7 and len(page.context["close"].earlier) == 7


def test_declined_it_stays_closed(staff, closed, second):
    ask(staff, closed)
    second(*RIGHTS)
    assert told(decide(staff, closed, "decline")) == ["Declined."]
    assert Period.objects.get().state == PeriodState.CLOSED
    assert ReopenRequest.objects.get().approved is False
    assert "Declined" in staff.get(page_of(closed)).content.decode()
    assert ask(staff, closed).status_code == 200
    assert ReopenRequest.objects.count() == 2


def test_who_asks_does_not_approve(staff, closed):
    ask(staff, closed)
    page = staff.get(page_of(closed)).content.decode()
    assert "Approve" not in page
    assert told(decide(staff, closed)) == ["Somebody else must decide: it was you who asked."]
    assert ReopenRequest.objects.get().decided_at is None


def test_it_is_decided_once(staff, closed, second):
    ask(staff, closed)
    second(*RIGHTS)
    decide(staff, closed)
    assert told(decide(staff, closed, "decline")) == ["This was decided already."]
    assert ReopenRequest.objects.get().approved


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_is_asked(staff, closed, reason):
    answer = ask(staff, closed, reason)
    assert "Say why it is to be reopened." in answer.content.decode()
    assert not ReopenRequest.objects.exists()


def test_only_the_last_closed_month_and_only_once(staff, closed):
    assert any("is not closed" in one for one in told(ask(staff, month_ago(0))))
    ask(staff, closed)
    assert any("asked for it already" in one for one in told(ask(staff, closed)))


def test_not_one_before_a_closed_one(staff):
    sold(2)
    sold(1)
    closing.close(month_ago(2))
    closing.close(month_ago(1))
    assert "Ask to reopen" not in staff.get(page_of(month_ago(2))).content.decode()
    assert any("A later month is closed" in one for one in told(ask(staff, month_ago(2))))


def test_only_who_may(client, closed, second):
    second("view_period", "close_period")
    assert "Ask to reopen" not in client.get(page_of(closed)).content.decode()
    assert ask(client, closed).status_code == 403
    second(*RIGHTS)
    ask(client, closed)
    second("view_period")
    assert decide(client, closed).status_code == 403
    assert Period.objects.get().state == PeriodState.CLOSED
