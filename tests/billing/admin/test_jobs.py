"""Staff see what is done by itself and how it goes, and may ask for it."""

import re
from datetime import timedelta

import pytest
from celery import current_app
from django.contrib.auth.models import Permission
from django.db.models.functions import Now
from django.urls import reverse
from kombu.exceptions import OperationalError

from accounts.models import User
from billing import tasks
from billing.models import Job, Mail, NoticeKind
from billing.operators.notices import Said, settle
from tests.confirming import confirmed

LIST = reverse("admin:billing_job_changelist")
RUN = reverse("admin:billing_job_run", args=["expire"])
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def schedule(monkeypatch):
    entries = {name: {"task": name, "schedule": 10 * MINUTE} for name in ("expire", "mails")}
    monkeypatch.setitem(current_app.conf, "beat_schedule", entries)


@pytest.fixture
def asked(monkeypatch):
    """What the worker was asked for; there is none here."""
    names = []
    monkeypatch.setattr(
        tasks.expire_what_is_due, "apply_async", lambda **options: names.append("expire")
    )
    return names


@pytest.fixture
def clerk(db, client):
    """Staff with these permissions."""

    def clerk(*permissions):
        person = User.objects.create_user("clerk@example.com", is_staff=True)
        person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(person)
        return client

    return clerk


def told(page):
    return page.content.decode()


def row_of(page, name):
    rows = re.findall(r"<tr.*?</tr>", told(page), re.DOTALL)
    return next(row for row in rows if f'scope="row">{name}' in row)


def test_a_job_has_what_it_is_for_and_how_it_went(staff):
    last = Now() - 3 * MINUTE
    Job.objects.create(
        name="expire",
        started_at=last,
        finished_at=last,
        succeeded_at=last,
        took=timedelta(seconds=125),
        outcome="17",
        runs=1234,
    )
    row = row_of(staff.get(LIST), "expire")
    assert "Enters holds and lots that expired." in row
    for said in ("OK", "2 min 5 s", ">17<", "1,234"):
        assert said in row
    assert RUN in row


def test_one_that_fails_stands_first_with_its_error(staff):
    Job.objects.create(
        name="mails", started_at=Now(), failures_in_a_row=3, failures=9, error="OSError: <away>"
    )
    page = told(staff.get(LIST))
    assert page.index('scope="row">mails') < page.index('scope="row">expire')
    assert "Failed 3 in a row" in page
    assert "OSError: &lt;away&gt;" in page


def test_one_that_is_late_says_by_how_much(staff):
    ago = Now() - timedelta(hours=3)
    Job.objects.create(name="mails", started_at=ago, finished_at=ago, succeeded_at=ago)
    row = row_of(staff.get(LIST), "mails")
    assert "Late" in row and "2 h 50 min" in row


def test_one_that_never_ran_is_there(staff):
    assert "Not run yet" in row_of(staff.get(LIST), "expire")


def test_a_silent_worker_has_a_banner(staff):
    assert "The worker is silent" in told(staff.get(LIST))
    Job.objects.create(name="canary", succeeded_at=Now())
    assert "The worker is silent" not in told(staff.get(LIST))


def test_what_waits_is_counted(staff):
    Mail.objects.create(kind="k", about="1", to=["a@b.c"], subject="s", due_at=Now() - 5 * MINUTE)
    assert re.search(r"Mails to send</dt><dd>1, the oldest for 5 min", told(staff.get(LIST)))


def test_notices_are_shown_until_they_are_over_and_a_while_after(staff):
    found = [Said("The job x fails", "It failed <3> times.", "/admin/billing/job/", "x")]
    settle(NoticeKind.JOB_FAILING, found)
    assert re.search(r"The job x fails.*It failed &lt;3&gt; times.*Open", told(staff.get(LIST)))
    settle(NoticeKind.JOB_FAILING, [])
    assert "Open" not in told(staff.get(LIST)).partition("What operators were told")[2]


def test_it_asks_before_it_runs(staff, asked):
    page = staff.get(RUN)
    assert "Enters holds and lots that expired." in told(page)
    assert asked == []
    page = confirmed(staff, RUN)
    assert page.redirect_chain == [(LIST, 302)]
    assert asked == ["expire"]
    assert "The worker was asked to run expire." in told(page)


def test_a_broker_that_is_away_is_told(staff, monkeypatch):
    def away(**options):
        raise OperationalError("no route")

    monkeypatch.setattr(tasks.expire_what_is_due, "apply_async", away)
    assert "The broker does not answer" in told(confirmed(staff, RUN))


@pytest.mark.parametrize("name", ["unknown", "celery.backend_cleanup", "celery.chord"])
def test_what_is_no_job_is_not_found(staff, name):
    assert staff.post(reverse("admin:billing_job_run", args=[name])).status_code == 404


def test_without_permission_it_is_not_there(clerk, asked):
    visitor = clerk("view_bookscheck")
    assert "Jobs" not in told(visitor.get(reverse("admin:index")))
    assert visitor.get(LIST).status_code == 403
    assert visitor.get(RUN).status_code == visitor.post(RUN).status_code == 403
    assert asked == []


def test_who_may_look_may_not_run(clerk, asked):
    visitor = clerk("view_job")
    assert RUN not in told(visitor.get(LIST))
    assert visitor.post(RUN).status_code == 403
    assert asked == []


def test_who_may_run_does(clerk, asked):
    visitor = clerk("view_job", "run_job")
    assert confirmed(visitor, RUN).status_code == 200
    assert asked == ["expire"]


def test_it_is_in_the_menu_and_nothing_is_added_or_changed(staff):
    assert LIST in told(staff.get(reverse("admin:index")))
    Job.objects.create(name="expire")
    assert staff.get(reverse("admin:billing_job_change", args=["expire"])).url == LIST
    assert staff.get(reverse("admin:billing_job_add")).status_code == 403
    assert staff.post(reverse("admin:billing_job_delete", args=["expire"])).status_code == 403
