"""Who is told of money that does not fit what was sold."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db import connection, connections

from billing import events, operators
from billing.models import ProviderEvent, Purchase
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
    (told,) = mail.outbox
    assert told.to == ["ops@example.com", "money@example.com"]
    assert told.subject == "[Drawdown] Refused: checkout.paid tev_wrong"
    assert why in told.body
    event = ProviderEvent.objects.get()
    assert f"https://credits.example.com/admin/billing/providerevent/{event.pk}/" in told.body
    assert event.payment_ref in told.body
    assert money(purchase.customer_id) == {}


def test_they_are_told_of_a_second_payment_of_one_purchase(books_tie: None) -> None:
    body = paid(order())
    assert report(body) == "applied"
    assert report(altered(body, "again")) == "applied"
    assert mail.outbox == []
    assert report(altered(body, "second", payment="tpy_second")) == "refused"
    assert "paid before, by another payment" in mail.outbox[0].body


def test_they_are_told_once(books_tie: None) -> None:
    body = altered(paid(order()), "tev_wrong", amount=1)
    for _ in range(3):
        assert report(body) == "refused"
    events.process_open()
    assert events.try_again(ProviderEvent.objects.get()) == "refused"
    assert len(mail.outbox) == 1


def test_one_that_waited_before_it_was_refused_is_told_too(books_tie: None) -> None:
    purchase = order()
    body = paid(purchase)
    acts.refund(purchase.provider_ref or "", amount=10_00)
    refund = altered(untold()[0], "tev_wrong", currency="EUR")
    assert report(refund) == "parked"
    assert report(body) == "applied"
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_mail_leaves_outside_of_any_transaction(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(*args: object) -> None:
        asked.append(connection.in_atomic_block)

    asked: list[bool] = []
    monkeypatch.setattr(operators, "send_mail", send)
    body = altered(paid(order()), "tev_wrong", amount=1)

    def sent(_: int) -> int:
        try:
            return post(body).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(sent, range(8))) == {200}
    assert asked == [False]


def test_a_mail_server_that_is_away_stops_nothing(
    books_tie: None, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert report(altered(paid(order()), "tev_wrong", amount=1)) == "refused"
    assert "No operator was told of refused event tev_wrong" in caplog.text
    assert "Traceback" not in caplog.text


def test_without_operators_it_is_in_the_log(
    books_tie: None, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OPERATORS = []
    assert report(altered(paid(order()), "tev_wrong", amount=1)) == "refused"
    assert mail.outbox == []
    assert "refused test event tev_wrong" in caplog.text
