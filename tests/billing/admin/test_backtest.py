"""Staff ask what calls would have cost; the worker answers."""

import csv

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from kombu.exceptions import OperationalError

from accounts.models import User
from billing import tasks
from billing.models import BackTest
from tests.billing.backtest.calls import CREDIT, Caller, card, endpoint
from tests.downloads import downloaded

LIST = reverse("admin:billing_backtest_changelist")
ASK = reverse("admin:billing_backtest_ask")


@pytest.fixture
def staff(db, client):
    client.force_login(User.objects.create_superuser("boss@example.com"))
    return client


@pytest.fixture
def worker(monkeypatch):
    names = []
    monkeypatch.setattr(tasks.run_back_tests, "apply_async", lambda **how: names.append("asked"))
    return names


@pytest.fixture
def draft(db):
    """By which a call costs three credits instead of two. A credit was sold for 10 cents."""
    one = endpoint()
    caller = Caller.new(card("old", {one: {"per_call": 2 * CREDIT}}, published=True))
    caller.call(one)
    caller.call(one)
    return card("new", {one: {"per_call": 3 * CREDIT}})


def ask(client, card, **more):
    return client.post(ASK, {"card": card.pk, "days": 30, "heeds_terms": "on"} | more)


def told(answer):
    return answer.content.decode()


def test_a_question_is_answered(staff, worker, draft):
    page = ask(staff, draft).url
    assert worker == ["asked"]
    waiting = told(staff.get(page))
    assert 'http-equiv="refresh"' in waiting and "<progress" in waiting
    assert tasks.run_back_tests.run() == "1 answered"
    shown = told(staff.get(page))
    assert 'http-equiv="refresh"' not in shown
    assert "<dd>+2 (+50.00 %)</dd>" in shown
    assert "<dd>0.40 &rarr; 0.60 (+0.20)</dd>" in shown
    assert shown.count('class="chart"') == 2 and "Figures of the chart" in shown
    assert "classify" in shown
    assert "done" in told(staff.get(LIST)).lower()


def test_the_file_has_every_customer_and_endpoint(staff, worker, draft):
    ask(staff, draft)
    tasks.run_back_tests.run()
    found = BackTest.objects.get()
    answer = staff.get(reverse("admin:billing_backtest_csv", args=[found.pk]))
    (row,) = csv.DictReader(downloaded(answer).decode().splitlines())
    assert (row["Endpoint"], row["Calls"], row["Change"]) == ("classify", "2", "2")
    assert (row["USD before"], row["USD after"], row["USD change"]) == ("0.40", "0.60", "0.20")


def test_without_a_broker_it_waits(staff, draft, monkeypatch):
    def fail(**how):
        raise OperationalError

    monkeypatch.setattr(tasks.run_back_tests, "apply_async", fail)
    assert "waiting" in told(staff.get(ask(staff, draft).url))


@pytest.mark.parametrize("days", [0, 367, "x"])
def test_days_that_are_none(staff, worker, draft, days):
    assert ask(staff, draft, days=days).status_code == 200
    assert not BackTest.objects.exists()


def test_an_empty_card_is_refused(staff, worker, db):
    assert "has no prices yet" in told(ask(staff, card("empty", {})))


def test_what_fails_says_why(staff, worker, draft, monkeypatch):
    page = ask(staff, draft).url
    monkeypatch.setattr("billing.backtest.running.calls.count", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tasks.run_back_tests.run()
    assert "ZeroDivisionError: division by zero" in told(staff.get(page))


def test_who_may_only_look_asks_nothing(client, draft):
    person = User.objects.create_user("clerk@example.com", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename="view_backtest"))
    client.force_login(person)
    assert "New back-test" not in told(client.get(LIST))
    assert ask(client, draft).status_code == 403
    client.logout()
    assert client.get(LIST).status_code == 302
