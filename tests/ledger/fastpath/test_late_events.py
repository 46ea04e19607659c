"""Usage events that come late, out of order, again and again, or that nobody can pay for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from random import Random
from time import sleep
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.ids import uuid7
from accounts.models import Customer
from ledger import services, usage_events
from ledger.amounts import CREDIT
from ledger.models import Endpoint, Price, RateCard, RefusedEvent, Reservation, Transfer
from ledger.prices import rate_cards
from ledger.prices.pricing import Tier, Unit
from tests.ledger.fastpath.events import ago, event, report, told
from tests.ledger.fastpath.shop import available, books, fund, funded

POLLED = 0.6


def charged(customer: Customer) -> list[int]:
    """In whole credits, in the order of posting."""
    transfers = Transfer.objects.filter(customer=customer, kind="commit").order_by("version")
    return [transfer.amount // CREDIT for transfer in transfers]


class TestPrices:
    @pytest.fixture
    def dearer(self):
        """Since an hour ago a call of `classify` costs 3."""
        begun = timezone.now() - timedelta(hours=1)
        card = rate_cards.copy_card(RateCard.objects.get(name="fastpath"), effective_at=begun)
        rate_cards.set_price(card, Endpoint.objects.get(code="classify"), per_call=3 * CREDIT)
        rate_cards.publish(card)
        sleep(POLLED)
        yield card
        Price.objects.filter(rate_card=card).delete()
        card.delete()
        sleep(POLLED)

    def test_are_those_of_its_own_time(self, api, customer, dearer):
        times = [ago(minutes=1), ago(hours=2), ago(minutes=59), ago(days=29), ago(minutes=61)]
        assert (
            told(report(api, *(event(customer, time=time) for time in times))) == ["accepted"] * 5
        )
        assert charged(customer) == [3, 1, 3, 1, 1]

    def test_before_the_first_card_there_are_none(self, api, customer):
        before = RateCard.objects.get(name="fastpath")
        RateCard.objects.filter(id=before.id).update(
            effective_at=timezone.now() - timedelta(days=2), changed_at=timezone.now()
        )
        sleep(POLLED)
        try:
            sent = [event(customer, time=ago(days=3)), event(customer, time=ago(days=1))]
            assert told(report(api, *sent)) == ["unknown-endpoint", "accepted"]
        finally:
            RateCard.objects.filter(id=before.id).update(
                effective_at=before.effective_at, changed_at=timezone.now()
            )
            sleep(POLLED)

    def test_tiers_count_the_month_in_which_it_was_done(self, api, tiered):
        customer = funded()
        done = datetime.now(UTC).replace(day=1, hour=12) - timedelta(days=2)
        if datetime.now(UTC) - done > timedelta(days=29):
            pytest.skip("the month before is too long ago to be reported of")
        late = event(customer, tiered, time=done.isoformat(), data={"quantity": {"pages": 3}})
        now = event(customer, tiered, data={"quantity": {"pages": 3}})
        assert (
            told(report(api, now, late, event(customer, tiered, data={"quantity": 1})))
            == ["accepted"] * 3
        )
        assert charged(customer) == [3 * 5 - 1 * 3, 3 * 5 - 1 * 3, 2]
        assert tallies(customer) == {date(done.year, done.month, 1): "3", this_month(): "4"}

    @pytest.mark.parametrize(("outcome", "share"), [("partial", 50), ("server_error", 0)])
    def test_tiers_are_billed_by_outcome(self, api, tiered, outcome, share):
        Endpoint.objects.filter(code=tiered).update(billed_partial=50)
        RateCard.objects.update(changed_at=timezone.now())
        sleep(POLLED)
        customer = funded()
        data = {"quantity": 4, "outcome": outcome}
        assert told(report(api, event(customer, tiered, data=data))) == ["accepted"]
        assert 100 * CREDIT - exactly_available(customer) == 14 * CREDIT * share // 100
        assert tallies(customer) == ({this_month(): "4"} if share else {})

    @pytest.fixture
    def tiered(self):
        """The first two pages of a month cost 5 each, those after them 2."""
        tiers = (Tier("2", 5 * CREDIT), Tier(None, 2 * CREDIT))
        card = rate_cards.copy_card(
            RateCard.objects.get(name="fastpath"),
            effective_at=timezone.now() - timedelta(days=40),
        )
        endpoint = rate_cards.create_endpoint(code="paged", name="paged")
        unit = Unit("pages", 1, 0, "0", "graduated", tiers)
        rate_cards.set_price(card, endpoint, units=(unit,))
        rate_cards.publish(card)
        sleep(POLLED)
        yield endpoint.code
        Price.objects.filter(rate_card=card).delete()
        card.delete()
        endpoint.delete()
        sleep(POLLED)


class TestClosedMonths:
    def test_it_is_posted_into_the_open_one(self, api, customer):
        """The month of its time is closed, and nothing of it changes."""
        done = datetime.now(UTC) - timedelta(days=25)
        closed = datetime.now(UTC).date() - timedelta(days=1)
        with closed_through(closed):
            before = journal(closed)
            assert told(report(api, event(customer, time=done.isoformat()))) == ["accepted"]
            services.recognise([customer.id])
            assert journal(closed) == before
        transfer = Transfer.objects.get(customer=customer, kind="commit")
        assert transfer.effective_at == done
        assert transfer.posted_at.date() > closed


class TestShort:
    def test_a_debtor_goes_below_the_credit_limit(self, api):
        customer = funded(1)
        usage_events.set_policy(customer.id, "debt")
        sleep(POLLED)
        sent = event(customer, "summarize")
        assert told(report(api, sent, sent, event(customer))) == [
            "accepted",
            "duplicate",
            "accepted",
        ]
        assert available(customer) == -4
        assert not RefusedEvent.objects.filter(customer=customer).exists()
        usage_events.set_policy(customer.id, "refuse")
        sleep(POLLED)
        assert told(report(api, event(customer), sent)) == ["insufficient-credits", "duplicate"]

    def test_retried_after_a_top_up_it_is_charged_as_of_its_own_time(self, api):
        customer, done = funded(1), datetime.now(UTC) - timedelta(days=4)
        sent = [
            event(customer, "summarize", time=(done + timedelta(hours=i)).isoformat())
            for i in (2, 0, 1)
        ]
        report(api, *sent)
        fund(customer, 8)
        tried = usage_events.retry(of(customer), actor="staff@example.com")
        assert tried == (2, 1)
        calls = Reservation.objects.filter(customer=customer, committed__gt=0)
        assert {call.happened_at for call in calls} == {done, done + timedelta(hours=1)}
        states = of(customer).order_by("happened_at").values_list("state", flat=True)
        assert list(states) == ["posted", "posted", "waiting"]
        assert told(report(api, *sent)) == ["insufficient-credits", "duplicate", "duplicate"]
        assert available(customer) == 1

    def test_what_its_sender_sent_again_waits_no_more(self, api):
        customer = funded(1)
        sent = event(customer, "summarize")
        report(api, sent)
        fund(customer, 10)
        report(api, sent)
        assert usage_events.retry(of(customer), actor="x") == (1, 0)
        assert available(customer) == 7
        again = event(customer, "generate", data={"quantity": 10**6})
        report(api, again)
        fund(customer, 1000)
        report(api, again)
        before = books(customer)
        assert usage_events.note_accepted() >= 1
        assert of(customer).get(event_id=again["id"]).state == "posted"
        assert books(customer) == before

    def test_dismissed_it_is_not_charged(self, api):
        customer = funded(1)
        sent = event(customer, "summarize")
        report(api, sent)
        with pytest.raises(ValueError, match="Say why"):
            usage_events.dismiss(of(customer), reason=" ", actor="x")
        assert usage_events.dismiss(of(customer), reason="Goodwill", actor="x") == 1
        assert usage_events.retry(of(customer), actor="x") == (0, 0)
        assert told(report(api, sent)) == ["event-dismissed"]
        row = of(customer).get()
        assert (row.state, row.closed_reason) == ("dismissed", "Goodwill")

    @pytest.mark.parametrize("id", [None, lambda: str(uuid7())])
    def test_dismissed_it_is_not_charged_after_a_top_up_either(self, api, id):
        customer = funded(1)
        sent = event(customer, "summarize") | ({"id": id()} if id else {})
        assert told(report(api, sent)) == ["insufficient-credits"]
        usage_events.dismiss(of(customer), reason="Goodwill", actor="x")
        fund(customer, 1000)
        before = books(customer)
        usage_events.note_accepted()  # what other tests have left
        assert told(report(api, sent, sent)) == ["event-dismissed", "event-dismissed"]
        other = sent | {"data": {"metadata": {"job": "2"}}}
        assert told(report(api, other)) == ["idempotency-key-reused"]
        assert usage_events.note_accepted() == 0
        assert (available(customer), of(customer).get().state) == (1001, "dismissed")
        assert books(customer) == before

    def test_what_was_accepted_before_it_is_dismissed_is_said_to_be_charged(self, api):
        customer = funded(1)
        sent = event(customer, "summarize")
        report(api, sent)
        fund(customer, 10)
        assert told(report(api, sent)) == ["accepted"]
        assert usage_events.dismiss(of(customer), reason="Goodwill", actor="x") == 0
        assert (available(customer), of(customer).get().state) == (7, "posted")

    def test_how_many_wait_is_known(self, api):
        before = usage_events.waiting()
        customer = funded(1)
        report(api, *(event(customer, "summarize") for _ in range(3)))
        after = usage_events.waiting()
        assert (after.events - before.events, after.customers - before.customers) == (3, 1)


ids = st.integers(0, 6)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), repeats=st.lists(ids, max_size=8), size=st.integers(1, 5))
def test_any_order_and_repetition_gives_the_same_sums(api, seed, repeats, size):
    customer, other = funded(1000), funded(1000)
    types = ["classify", "summarize", "generate", "ping"]
    made: list[dict[str, Any]] = [
        event(
            (customer, other)[number % 2],
            types[number % 4],
            id=f"{seed}-{customer.id}-{number}",
            time=ago(hours=number * 50),
            data={"outcome": ("success", "server_error")[number == 5]}
            | ({"quantity": number * 1000} if types[number % 4] == "generate" else {}),
        )
        for number in range(7)
    ]
    sent = [*made, *(made[number] for number in repeats)]
    Random(seed).shuffle(sent)
    seen = set()
    for start in range(0, len(sent), size):
        part = sent[start : start + size]
        for one, status in zip(part, told(report(api, *part)), strict=True):
            assert status == ("duplicate" if one["id"] in seen else "accepted")
            seen.add(one["id"])
    assert [exactly_available(one) for one in (customer, other)] == [
        1000 * CREDIT - sum(map(price, made[start::2])) for start in (0, 1)
    ]
    assert sum(charged_exactly(customer)) == sum(map(price, made[::2]))


def price(sent: dict[str, Any]) -> int:
    if sent["data"]["outcome"] != "success":
        return 0
    per_call = {"classify": 1, "summarize": 4, "generate": 2, "ping": 0}[sent["type"]]
    return per_call * CREDIT + sent["data"].get("quantity", 0) * 350


def charged_exactly(customer: Customer) -> list[int]:
    transfers = Transfer.objects.filter(customer=customer, kind="commit")
    return list(transfers.values_list("amount", flat=True))


def of(customer: Customer) -> Any:
    return RefusedEvent.objects.filter(customer=customer)


def exactly_available(customer: Customer) -> int:
    return services.refresh(customer.id).available


def this_month() -> date:
    return datetime.now(UTC).date().replace(day=1)


def tallies(customer: Customer) -> dict[date, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select month, quantities->>'pages' from ledger_tally where customer_id = %s",
            [customer.id],
        )
        return dict(cursor.fetchall())


@contextmanager
def closed_through(day: date) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("select ledger_close_books(%s, null)", [day])
        try:
            yield
        finally:
            cursor.execute("select ledger_close_books(null, null)")


def journal(day: date) -> list[Any]:
    """Everybody's transfers that count for days up to this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, amount, kind from ledger_transfer"
            " where coalesce(posted_on, ledger_day(posted_at)) <= %s order by id",
            [day],
        )
        return cursor.fetchall()
