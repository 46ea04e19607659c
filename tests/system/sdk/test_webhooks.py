import base64
import json

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import datetime as when

from drawdown import NotVerified
from drawdown.webhooks import verify

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
NOW = 1_763_717_400
BODY = json.dumps(
    {"type": "lot.expired", "timestamp": "2026-11-21T09:30:00Z", "data": {"lot": "lot_1"}}
).encode()


def signed(body=BODY, at=NOW, secret=SECRET):
    """By the library that others use."""
    moment = when.fromtimestamp(at, tz=None)
    return {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": Webhook(secret).sign("evt_1", moment, body.decode()),
    }


def test_what_is_signed_is_read():
    event = verify(SECRET, BODY, signed(), now=NOW)
    assert (event.id, event.type, event.data) == ("evt_1", "lot.expired", {"lot": "lot_1"})


def test_one_signature_of_several_is_enough():
    headers = signed()
    headers["Webhook-Signature"] = f"v1,AAAA v2,x {headers['Webhook-Signature']}"
    assert verify(SECRET, BODY, headers, now=NOW)


@pytest.mark.parametrize("late", [-301, 301])
def test_old_and_future_ones_are_refused(late):
    with pytest.raises(NotVerified, match="five minutes"):
        verify(SECRET, BODY, signed(), now=NOW + late)


@pytest.mark.parametrize(
    "change",
    [
        {"Webhook-Signature": "v1,AAAA"},
        {"Webhook-Signature": ""},
        {"Webhook-Signature": "v1,\u00e4"},
        {"Webhook-Signature": "v1,\udcff"},
        {"Webhook-Signature": "v1"},
        {"Webhook-Id": "evt_2"},
        {"Webhook-Id": "evt_\udcff"},
        {"Webhook-Timestamp": "x"},
        {"Webhook-Timestamp": "9" * 5000},
        {"Webhook-Timestamp": "9" * 400},
        {"Webhook-Timestamp": "nan"},
        {"Webhook-Timestamp": "-1"},
        {"Webhook-Timestamp": "\u0663"},
        {"Webhook-Timestamp": str(NOW + 1)},
    ],
)
def test_what_was_changed_is_refused(change):
    with pytest.raises(NotVerified):
        verify(SECRET, BODY, signed() | change, now=NOW)


def test_another_body_and_secret_are_refused():
    with pytest.raises(NotVerified, match="secret"):
        verify(SECRET, BODY + b" ", signed(), now=NOW)
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    with pytest.raises(NotVerified):
        verify(other, BODY, signed(), now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_x", "whsec_\u00e4"])
def test_what_is_no_secret_verifies_nothing(secret):
    with pytest.raises(ValueError, match="whsec_"):
        verify(secret, BODY, signed(), now=NOW)


def test_headers_that_miss_are_named():
    with pytest.raises(NotVerified, match="webhook-id"):
        verify(SECRET, BODY, {}, now=NOW)


def test_no_event_is_refused():
    with pytest.raises(NotVerified, match="no event"):
        verify(SECRET, b"[]", signed(b"[]"), now=NOW)
