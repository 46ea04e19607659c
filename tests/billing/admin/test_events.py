import json
import time

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import ProviderEvent
from billing.providers import signatures
from billing.providers.sandbox import acts, delivery
from ledger.amounts import CREDIT
from ledger.selectors import balance
from tests.factories import billing


def tell(kind, about, id="tev_1"):
    body = json.dumps({"id": id, "type": kind, "created": int(time.time()), "data": about}).encode()
    headers = {delivery.HEADER: signatures.sign(body, delivery.secret())}
    page = reverse("webhook", args=["test"])
    answer = Client().post(page, body, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    return ProviderEvent.objects.get(event_id=id)


def rows(staff, **query):
    page = staff.get(reverse("admin:billing_providerevent_changelist"), query)
    return list(page.context["cl"].result_list)


def try_again(staff, *events):
    chosen = {"action": "try_again", "_selected_action": [str(event.pk) for event in events]}
    page = staff.post(reverse("admin:billing_providerevent_changelist"), chosen, follow=True)
    return [str(message) for message in page.context["messages"]]


@pytest.fixture
def refused(acme):
    """Paid too little."""
    purchase = billing.order(acme)
    checkout = acts.pay(purchase.provider_ref)
    return tell("checkout.paid", acts.shown_checkout(checkout) | {"amount": 1})


def test_events_are_seen_with_what_came_of_them(staff, refused):
    unknown = tell("something.else", {"id": "x"}, "tev_2")
    assert rows(staff) == [unknown, refused]
    assert rows(staff, state="refused") == [refused]
    assert rows(staff, state="ignored") == [unknown]
    page = staff.get(reverse("admin:billing_providerevent_changelist")).content.decode()
    assert "Paid 1, not 10000 minor units." in page


def test_they_are_found_by_the_providers_ids(staff, refused):
    for term in (refused.event_id, refused.payment_ref, refused.object_ref):
        assert rows(staff, q=term) == [refused]
    assert rows(staff, q="tev_9") == []


def test_an_events_page_shows_what_was_said(staff, refused):
    page = reverse("admin:billing_providerevent_change", args=[refused.pk])
    text = staff.get(page).content.decode()
    assert "&quot;type&quot;: &quot;checkout.paid&quot;" in text
    assert staff.post(page, {"state": "applied"}).status_code == 403


def test_one_that_is_still_refused_says_why(staff, refused, acme):
    (message,) = try_again(staff, refused)
    assert message == "tev_1: Refused. Paid 1, not 10000 minor units."
    assert balance(acme.id).available == 0


def test_one_that_fits_by_now_is_applied(staff, refused, acme):
    ProviderEvent.objects.filter(id=refused.id).update(
        payload=refused.payload | {"data": refused.payload["data"] | {"amount": 100_00}}
    )
    (message,) = try_again(staff, refused)
    assert message.startswith("tev_1: Applied.")
    assert balance(acme.id).available == 1000 * CREDIT
    assert try_again(staff, refused) == ["None of these is parked or refused."]


def test_a_parked_one_waits_on(staff, db):
    about = {"id": "trf_1", "payment": "tpy_1", "amount": 1, "currency": "USD"}
    event = tell("refund.succeeded", about | {"state": "succeeded", "refund": ""})
    (message,) = try_again(staff, event)
    assert message == "tev_1: Parked. The payment is not known yet."


def test_those_of_a_provider_that_is_off_are_left(staff, refused, settings):
    settings.PAYMENT_PROVIDERS = []
    (message,) = try_again(staff, refused)
    assert message == "tev_1: There is no such payment provider."


def test_only_who_may_change_events_tries_again(client, refused, django_user_model):
    helper = django_user_model.objects.create_user("helper@example.com", is_staff=True)
    client.force_login(helper)
    chosen = {"action": "try_again", "_selected_action": [str(refused.pk)]}
    page = client.post(reverse("admin:billing_providerevent_changelist"), chosen)
    assert page.status_code == 403
