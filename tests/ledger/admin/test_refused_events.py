"""Staff decide on usage that a customer could not cover."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts.ids import uuid7
from accounts.models import User
from billing.models import NoticeKind, OperatorNotice
from billing.operators import conditions
from ledger import services
from ledger.amounts import CREDIT
from ledger.models import RefusedEvent, Reservation
from tests.factories.accounts import CustomerFactory

LIST = reverse("admin:ledger_refusedevent_changelist")


@pytest.fixture
def customer(db):
    return CustomerFactory(name="Acme")


def refused(customer, number: int = 1) -> list[RefusedEvent]:
    return [_refused(customer, place) for place in range(number)]


def _refused(customer, place: int) -> RefusedEvent:
    key, done = uuid7(), timezone.now() - timedelta(days=40 - place)
    asked = {"op": "debit", "customer_id": str(customer.id), "key": str(key), "key_is_id": True}
    return RefusedEvent.objects.create(
        customer=customer,
        key=key,
        service_id=1,
        source="/meters/1",
        event_id=f"event-{place}",
        endpoint="classify",
        happened_at=done,
        event={"id": f"event-{place}", "data": {"metadata": {"job": "<b>"}}},
        operation=asked | {"amount": CREDIT, "request": 7, "happened_at": done.isoformat()},
        reason="insufficient-credits",
        required=CREDIT,
        available=0,
    )


def decide(client, action: str, events, **fields: str):
    chosen = {"action": action, "_selected_action": [event.pk for event in events]}
    return client.post(LIST, chosen | fields, follow=True).content.decode()


def test_the_list_is_filtered_and_searched(staff, customer):
    (event,) = refused(customer)
    for query, is_shown in [
        ({"state__exact": "waiting"}, True),
        ({"state__exact": "dismissed"}, False),
        ({"q": "Acme"}, True),
        ({"q": "event-0"}, True),
        ({"q": "event-9"}, False),
    ]:
        page = staff.get(LIST, query).content.decode()
        assert (f"/{event.pk}/change/" in page) == is_shown, query


def test_a_page_shows_the_event_as_it_came(staff, customer):
    (event,) = refused(customer)
    page = staff.get(reverse("admin:ledger_refusedevent_change", args=[event.pk]))
    assert "&lt;b&gt;" in page.content.decode()


def test_what_can_be_covered_now_is_charged_in_the_order_in_which_it_was_done(staff, customer):
    events = refused(customer, 3)
    services.grant(customer.id, amount=2 * CREDIT, kind="promo")
    page = decide(staff, "retry", events)
    assert "2 charged, 1 refused again." in page
    states = RefusedEvent.objects.order_by("happened_at").values_list("state", "closed_by")
    boss = "boss@example.com"
    assert list(states) == [("posted", boss), ("posted", boss), ("waiting", None)]
    calls = Reservation.objects.filter(customer=customer).order_by("happened_at")
    assert [call.happened_at for call in calls] == [event.happened_at for event in events[:2]]
    assert "0 charged, 1 refused again." in decide(staff, "retry", events)


def test_dismissing_takes_a_reason(staff, customer):
    (event,) = refused(customer)
    assert "Say why they are not charged." in decide(staff, "dismiss", [event], reason=" ")
    event.refresh_from_db()
    assert event.state == "waiting"
    assert "1 dismissed." in decide(staff, "dismiss", [event], reason="Our fault")
    event.refresh_from_db()
    assert (event.state, event.closed_reason) == ("dismissed", "Our fault")
    assert "0 charged" in decide(staff, "retry", [event])


def test_who_may_only_look_decides_nothing(client, customer):
    (event,) = refused(customer)
    viewer = User.objects.create_user("viewer@example.com", is_staff=True)

    viewer.user_permissions.add(Permission.objects.get(codename="view_refusedevent"))
    client.force_login(viewer)
    assert client.get(LIST).status_code == 200
    decide(client, "dismiss", [event], reason="x")
    event.refresh_from_db()
    assert event.state == "waiting"


def test_operators_are_told_when_there_are_ten_times_as_many(customer):
    def told() -> list[str]:
        conditions.look()
        open_ones = OperatorNotice.objects.filter(kind=NoticeKind.USAGE_REFUSED, ended_at=None)
        return sorted(open_ones.values_list("subject", flat=True))

    assert told() == []
    refused(customer, 9)
    assert told() == ["1"]
    refused(customer, 1)
    assert told() == ["1", "10"]
    RefusedEvent.objects.update(
        state="dismissed", closed_at=timezone.now(), closed_by="x", closed_reason="x"
    )
    assert told() == []
