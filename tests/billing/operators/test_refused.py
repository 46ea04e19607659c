"""Who is told of money that does not fit what was sold."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db import connection, connections

from billing import events, mails
from billing.models import Mail, NoticeKind, OperatorNotice, ProviderEvent, Purchase
from billing.providers.sandbox import acts
from tests.billing.reports import altered, post, report, untold
from tests.factories.billing import money, order


@pytest.fixture(autouse=True)
def _operators(settings: LazySettings) -> None:
    settings.OPERATORS = ["ops@example.com", "money@example.com"]
    settings.PUBLIC_URL = "https://credits.example.com"


def paid(purchase: Purchase) -> str:
    acts.pay(purchase.provider_ref or "")
    return untold()[0]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"amount": 1}, "Paid 1, not 10000 minor units."),
        ({"currency": "EUR"}, "Paid in EUR, not in USD."),
    ],
)
def test_operators_are_told_of_what_does_not_fit(
    books_tie: None, wrong: dict[str, object], why: str
) -> None:
    purchase = order()
    assert report(altered(paid(purchase), "tev_wrong", **wrong)) == "refused"
    assert mails.send_due([NoticeKind.EVENT_REFUSED]) == 1
    (told,) = mail.outbox
    assert told.to == ["ops@example.com", "money@example.com"]
    assert told.subject == "[Drawdown] Refused: checkout.paid tev_wrong"
    assert why in told.body
    event = ProviderEvent.objects.get()
    assert f"https://credits.example.com/admin/billing/providerevent/{event.pk}/" in told.body
    assert event.payment_ref in told.body
    assert money(purchase.customer_id) == {}


def test_it_happened_and_is_over(books_tie: None) -> None:
    """Nobody waits for its end, which nobody would be told of."""
    report(altered(paid(order()), "tev_wrong", amount=1))
    notice = OperatorNotice.objects.get()
    assert (notice.kind, notice.began_at) == ("event-refused", notice.ended_at)


def test_they_are_told_of_a_second_payment_of_one_purchase(books_tie: None) -> None:
    body = paid(order())
    assert report(body) == "applied"
    assert report(altered(body, "again")) == "applied"
    assert not Mail.objects.filter(kind=NoticeKind.EVENT_REFUSED).exists()
    assert report(altered(body, "second", payment="tpy_second")) == "refused"
    assert "paid before, by another payment" in Mail.objects.get().text


def test_they_are_told_once(books_tie: None) -> None:
    body = altered(paid(order()), "tev_wrong", amount=1)
    for _ in range(3):
        assert report(body) == "refused"
    events.process_open()
    assert events.try_again(ProviderEvent.objects.get()) == "refused"
    assert Mail.objects.count() == 1


def test_one_that_waited_before_it_was_refused_is_told_too(books_tie: None) -> None:
    purchase = order()
    body = paid(purchase)
    acts.refund(purchase.provider_ref or "", amount=10_00)
    refund = altered(untold()[0], "tev_wrong", currency="EUR")
    assert report(refund) == "parked"
    assert report(body) == "applied"
    assert Mail.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_reported_by_many_at_once_they_are_told_once(committed: None) -> None:
    body = altered(paid(order()), "tev_at_once", amount=1)

    def sent(_: int) -> int:
        try:
            return post(body).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(sent, range(8))) == {200}
    told = Mail.objects.filter(subject__contains="tev_at_once")
    assert told.count() == 1
    told.delete()
    with connection.cursor() as cursor:
        cursor.execute("delete from billing_operatornotice where subject = 'test tev_at_once'")


def test_a_mail_server_that_is_away_stops_nothing(books_tie: None, settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert report(altered(paid(order()), "tev_wrong", amount=1)) == "refused"
    with pytest.raises(mails.Unreachable):
        mails.send_due([NoticeKind.EVENT_REFUSED])
    assert Mail.objects.get(kind=NoticeKind.EVENT_REFUSED).state == "due"


def test_without_operators_it_is_in_the_log(
    books_tie: None, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OPERATORS = []
    assert report(altered(paid(order()), "tev_wrong", amount=1)) == "refused"
    assert not Mail.objects.filter(kind=NoticeKind.EVENT_REFUSED).exists()
    assert "refused test event tev_wrong" in caplog.text
