"""Refusals by a limit name it and say when it resets; grants say how rates stand."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts import ids
from ledger import limits
from ledger.amounts import CREDIT
from ledger.limits import Limit
from ledger.models import Endpoint
from tests.factories.accounts import ApiKeyFactory
from tests.ledger.fastpath.shop import new_key, payer, problem


def limit(customer, *given: Limit) -> None:
    limits.set_limits(customer.id, "provider", given)


def ask(api, customer, **fields):
    return api.post("/reservations", payer(customer) | {"amount": 1} | fields)


class TestACap:
    def test_names_itself_and_when_it_resets(self, api, customer):
        limit(customer, Limit("customer", "spend", period="day", hard=3 * CREDIT))
        assert ask(api, customer, amount="2.5").status_code == 201
        refused = ask(api, customer, amount="0.500001")
        assert problem(refused) == (402, "spend-cap-reached")
        body = refused.json()
        midnight = (timezone.now() + timedelta(days=1)).astimezone(UTC)
        assert {name: body[name] for name in ("cap", "scope", "subject", "limit", "used")} == {
            "cap": "day",
            "scope": "customer",
            "subject": None,
            "limit": "3",
            "used": "2.5",
        }
        assert body["resets_at"] == f"{midnight:%Y-%m-%d}T00:00:00Z"
        assert "top_up_url" not in body
        left = (datetime.fromisoformat(body["resets_at"]) - timezone.now()).total_seconds()
        assert ("retry-after" in refused.headers) is (left <= 3600)

    def test_for_ever_never_resets(self, api, customer):
        limit(customer, Limit("customer", "spend", period="lifetime", hard=CREDIT))
        refused = ask(api, customer, amount=2)
        assert (refused.json()["cap"], refused.json()["resets_at"]) == ("lifetime", None)
        assert refused.headers["X-Should-Retry"] == "false"
        assert "retry-after" not in refused.headers

    def test_of_one_hold(self, api, customer):
        limit(customer, Limit("customer", "largest", hard=CREDIT))
        body = ask(api, customer, amount=2).json()
        assert (body["cap"], body["limit"], body["used"]) == ("hold", "1", None)

    def test_of_a_key_names_the_key(self, api, customer):
        key, secret = ApiKeyFactory(customer=customer)
        limit(customer, Limit("key", "spend", key.id, "month", hard=CREDIT))
        refused = api.post("/debits", {"api_key": secret, "amount": 2})
        body = refused.json()
        assert (body["scope"], body["subject"]) == ("key", ids.encode(ids.KEY, key.id))

    def test_of_an_endpoint_names_its_code(self, api, customer):
        endpoint = Endpoint.objects.get(code="summarize")
        limit(customer, Limit("endpoint", "spend", endpoint.id, "day", hard=CREDIT))
        refused = api.post("/debits", payer(customer) | {"endpoint": "summarize"})
        assert problem(refused) == (402, "spend-cap-reached")
        assert (refused.json()["scope"], refused.json()["subject"]) == ("endpoint", "summarize")

    def test_refuses_what_a_commit_takes_beyond_its_hold(self, api, customer):
        limit(customer, Limit("customer", "spend", period="lifetime", hard=3 * CREDIT))
        hold = ask(api, customer, amount=2, overrun="available").json()
        refused = api.settle(hold, "commit", {"amount": 4})
        assert problem(refused) == (402, "spend-cap-reached")
        assert refused.json()["current"]["status"] == "held"
        assert api.settle(hold, "commit", {"amount": 3}).status_code == 200


class TestARate:
    @pytest.fixture
    def customer(self, customer):
        limit(customer, Limit("customer", "rate", every=1_000_000_000, burst=2))
        return customer

    def test_tells_how_it_stands(self, api, customer):
        first, second = ask(api, customer), ask(api, customer)
        assert first.headers["RateLimit-Policy"] == '"customer";q=2;w=2000'
        assert first.headers["RateLimit"] == '"customer";r=1;t=1000'
        assert second.headers["RateLimit"].startswith('"customer";r=0;t=')

    def test_refuses_beyond_its_burst(self, api, customer):
        _ = ask(api, customer), ask(api, customer)
        refused = ask(api, customer)
        assert problem(refused) == (429, "rate-limited")
        body = refused.json()
        assert (body["limit"], body["scope"], body["quota"], body["window"]) == (
            *("rate", "customer", 2, 2000),
        )
        assert 0 < int(refused.headers["Retry-After"]) == body["retry_after"] <= 1000
        resets_at = datetime.fromisoformat(body["resets_at"])
        assert timedelta(0) < resets_at - timezone.now() <= timedelta(seconds=1000)
        assert refused.headers["X-Should-Retry"] == "true"
        assert refused.headers["RateLimit-Policy"] == '"customer";q=2;w=2000'
        assert refused.headers["RateLimit"].startswith('"customer";r=0;t=')

    def test_a_replay_is_the_same_to_the_byte_and_is_not_counted(self, api, customer):
        key, sent = new_key(), payer(customer) | {"amount": 1}
        first = api.post("/reservations", sent, Idempotency_Key=key)
        again = api.post("/reservations", sent, Idempotency_Key=key)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert first.content == again.content
        assert ask(api, customer).status_code == 201

    def test_a_refused_request_is_done_later_with_its_key(self, api, customer):
        _ = ask(api, customer), ask(api, customer)
        key, sent = new_key(), payer(customer) | {"amount": 1}
        assert api.post("/debits", sent, Idempotency_Key=key).status_code == 429
        limit(customer)
        assert api.post("/debits", sent, Idempotency_Key=key).status_code == 201


def test_holds_name_their_quota(api, customer):
    limit(customer, Limit("customer", "holds", hard=1))
    ask(api, customer)
    refused = ask(api, customer)
    assert problem(refused) == (429, "rate-limited")
    body = refused.json()
    assert (body["limit"], body["quota"], body["used"]) == ("holds", 1, 1)
    assert 0 < body["retry_after"] <= 900
    assert refused.headers["RateLimit-Policy"] == '"customer-holds";q=1;qu="concurrent-requests"'
    assert refused.headers["RateLimit"] == '"customer-holds";r=0'


def test_items_of_a_batch_are_refused_each_by_itself(api, customer):
    limit(
        customer,
        Limit("customer", "spend", period="day", hard=2 * CREDIT),
        Limit("customer", "holds", hard=1),
    )
    items = [
        {"op": op, "idempotency_key": new_key(), **payer(customer), "amount": amount}
        for op, amount in (("reserve", 1), ("reserve", 1), ("debit", 2), ("debit", 1))
    ]
    results = api.post("/batch", {"operations": items}).json()["results"]
    assert [result["status"] for result in results] == [201, 429, 402, 201]
    assert results[1]["body"]["limit"] == "holds"
    assert (results[2]["body"]["cap"], results[2]["body"]["used"]) == ("day", "1")


def test_no_limit_says_nothing(api, customer):
    granted = ask(api, customer)
    assert "ratelimit" not in granted.headers
