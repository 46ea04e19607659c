"""Each thing that somebody must look at is told once when it begins, and once when it is over."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.core import mail
from django.db import connections
from django.db.models.functions import Now

from billing import mails
from billing.models import Mail, NoticeCall, NoticeKind, OperatorNotice
from billing.operators import webhook
from billing.operators.notices import Said, look, settle
from tests.billing.operators.conftest import Receiver

KIND = NoticeKind.JOB_FAILING
FIRST = Said("One fails", "Three times & more.", "/admin/billing/job/", "one")
OTHER = Said("Another fails", "Three times.", "/admin/billing/job/", "another")


def subjects() -> list[str]:
    mails.send_due([KIND])
    return [told.subject.removeprefix("[Drawdown] ") for told in mail.outbox]


def test_it_is_told_once_and_its_end_once(operators: Receiver, db: None) -> None:
    for found in ([FIRST], [FIRST], [], []):
        settle(KIND, found)
    assert subjects() == ["One fails", "Over: One fails"]
    assert webhook.deliver_due() == 2
    assert [call["type"] for call in operators.calls] == [
        "operator_notice.began",
        "operator_notice.ended",
    ]


def test_it_may_begin_again(operators: Receiver, db: None) -> None:
    for found in ([FIRST], [], [FIRST]):
        settle(KIND, found)
    assert subjects() == ["One fails", "Over: One fails", "One fails"]


def test_each_of_a_kind_has_its_own(operators: Receiver, db: None) -> None:
    settle(KIND, [FIRST, OTHER])
    settle(KIND, [OTHER])
    settle(NoticeKind.MAILS_FAILED, [])
    assert subjects() == ["One fails", "Another fails", "Over: One fails"]


def test_a_mail_says_what_and_where(operators: Receiver, db: None) -> None:
    settle(KIND, [FIRST])
    mails.send_due([KIND])
    (told,) = mail.outbox
    assert "Three times & more." in told.body
    assert "https://credits.example.com/admin/billing/job/" in told.body
    assert "Three times &amp; more." in told.alternatives[0].content


def test_a_call_says_what_and_when(operators: Receiver, db: None) -> None:
    settle(KIND, [FIRST])
    settle(KIND, [])
    webhook.deliver_due()
    began, ended = operators.calls
    notice = OperatorNotice.objects.get()
    assert began["data"] == {
        "kind": "job-failing",
        "subject": "one",
        "title": "One fails",
        "text": "Three times & more.",
        "url": "https://credits.example.com/admin/billing/job/",
        "began_at": notice.began_at.isoformat(),
        "ended_at": None,
    }
    assert notice.ended_at
    assert ended["timestamp"] == ended["data"]["ended_at"] == notice.ended_at.isoformat()
    assert len(set(operators.ids)) == 2


def test_a_call_that_is_refused_is_made_again(operators: Receiver, db: None) -> None:
    operators.status = 500
    settle(KIND, [FIRST])
    assert webhook.deliver_due() == 0
    assert webhook.deliver_due() == 0
    call = NoticeCall.objects.get()
    assert (call.attempts, call.delivered_at) == (1, None)
    assert "500" in call.error
    operators.status = 200
    NoticeCall.objects.update(due_at=Now())
    assert webhook.deliver_due() == 1
    assert operators.ids[0] == operators.ids[1]
    assert NoticeCall.objects.get().due_at is None


def test_a_call_that_is_never_taken_is_given_up(operators: Receiver, db: None) -> None:
    operators.status = 503
    settle(KIND, [FIRST])
    for _ in range(len(webhook.PAUSES) + 1):
        NoticeCall.objects.update(due_at=Now())
        webhook.deliver_due()
    assert NoticeCall.objects.get().due_at is None
    assert len(operators.calls) == len(webhook.PAUSES) + 1


def test_it_leads_nowhere_else(operators: Receiver, db: None) -> None:
    operators.status = 302
    settle(KIND, [FIRST])
    assert webhook.deliver_due() == 0


def test_who_named_nobody_is_not_told(db: None, settings: pytest.FixtureRequest) -> None:
    settings.OPERATORS, settings.OPERATORS_WEBHOOK_URL = [], ""
    settle(KIND, [FIRST])
    assert OperatorNotice.objects.count() == 1
    assert not Mail.objects.filter(kind=KIND).exists() and not NoticeCall.objects.exists()


@pytest.fixture
def swept(committed: None) -> None:
    yield
    with connections["owner"].cursor() as cursor:
        for table in ("noticecall", "operatornotice", "job", "refusedreports"):
            cursor.execute(f"delete from billing_{table}")
        cursor.execute("delete from billing_mail where kind = any(%s)", [NoticeKind.values])


def test_found_by_many_at_once_it_is_told_once(operators: Receiver, swept: None) -> None:
    def found(_: int) -> None:
        settle(KIND, [FIRST])
        connections.close_all()

    def over(_: int) -> None:
        settle(KIND, [])
        webhook.deliver_due()
        connections.close_all()

    for work in (found, over):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(8)))
    assert Mail.objects.filter(kind=KIND).count() == 2
    assert sorted(call["type"] for call in operators.calls) == [
        "operator_notice.began",
        "operator_notice.ended",
    ]


def waits_for_a_lock() -> bool:
    with connections["owner"].cursor() as cursor:
        cursor.execute("select from pg_locks where locktype = 'advisory' and not granted")
        return cursor.rowcount > 0


def test_who_looked_a_moment_ago_tells_nothing_of_what_is_over(
    operators: Receiver, swept: None
) -> None:
    """The first has found it, and is slow; meanwhile it is over, and the second looks."""
    found, go_on = Event(), Event()
    so = [FIRST]

    def slowly() -> list[Said]:
        seen = list(so)
        found.set()
        assert go_on.wait(10)
        return seen

    def first() -> None:
        look(KIND, slowly)
        connections.close_all()

    def second() -> None:
        look(KIND, lambda: so)
        connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(first)
        assert found.wait(10)
        so.clear()
        quick = pool.submit(second)
        while not quick.done() and not waits_for_a_lock():
            pass
        go_on.set()
        slow.result(), quick.result()
    assert OperatorNotice.objects.filter(ended_at=None).count() == 0
    assert Mail.objects.filter(kind=KIND).count() == 2
