"""A request that is sent twice is done once."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts import services
from accounts.ids import uuid7
from ledger.amounts import CREDIT
from ledger.models import Endpoint, RateCard
from ledger.prices import rate_cards
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, ServiceFactory
from tests.ledger.fastpath.shop import (
    NO_KEY,
    PRICES,
    available,
    books,
    eventually,
    fund,
    funded,
    locked_wallet,
    name,
    new_key,
    payer,
    problem,
)

VERBS = {
    "commit": {"amount": 4},
    "release": {},
    "extend": {"expires_in": 60},
    "reverse": {"reason": "x", "amount": 2},
}
KINDS_OF_KEYS = [
    new_key,
    lambda: str(uuid7()),
    lambda: uuid7().hex,
    lambda: str(uuid4()),
    lambda: "01900000-0000-7000-8000-" + uuid4().hex[:12],
    lambda: "x" * 200 + uuid4().hex,
]


def assert_replayed(first, again):
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("make_key", KINDS_OF_KEYS)
@pytest.mark.parametrize("path", ["/reservations", "/debits"])
def test_the_first_answer_again_byte_for_byte(api, customer, path, make_key):
    key, body = make_key(), payer(customer) | {"endpoint": "generate", "quantity": 700}
    first = api.post(path, body, Idempotency_Key=key)
    before = books(customer)
    assert_replayed(first, api.post(path, body, Idempotency_Key=key))
    assert books(customer) == before


@pytest.mark.parametrize("make_key", KINDS_OF_KEYS)
@pytest.mark.parametrize("verb", VERBS)
def test_of_every_settlement_too(api, customer, verb, make_key):
    key, hold = make_key(), api.hold(customer)
    if verb == "reverse":
        api.settle(hold, "commit")
    first = api.settle(hold, verb, VERBS[verb], Idempotency_Key=key)
    assert first.status_code == 200
    before = books(customer)
    assert_replayed(first, api.settle(hold, verb, VERBS[verb], Idempotency_Key=key))
    assert books(customer) == before


def test_of_a_part_that_was_committed(api, customer):
    key, hold, part = new_key(), api.hold(customer), {"amount": 4, "final": False}
    first = api.settle(hold, "commit", part, Idempotency_Key=key)
    api.settle(hold, "commit", {"amount": 1})
    assert_replayed(first, api.settle(hold, "commit", part, Idempotency_Key=key))


def test_a_key_in_quotes_is_the_same_key(api, customer):
    body = payer(customer) | {"amount": 1}
    first = api.post("/debits", body, Idempotency_Key="quoted-1")
    assert_replayed(first, api.post("/debits", body, Idempotency_Key='"quoted-1"'))


def test_json_counts_as_a_value(api, customer):
    first = api.post("/debits", payer(customer) | {"amount": 1}, Idempotency_Key="value-1")
    spaced = f'{{ "amount":1 , "customer" :\n"{name(customer)}" }}'.encode()
    assert_replayed(first, api.post("/debits", spaced, Idempotency_Key="value-1"))


@pytest.mark.parametrize("make_key", KINDS_OF_KEYS)
def test_another_request_under_the_same_key_is_refused(api, customer, make_key):
    key, hold = make_key(), api.hold(customer)
    body = payer(customer) | {"amount": 1}
    api.post("/debits", body, Idempotency_Key=key)
    before = books(customer)
    others = [
        api.post("/debits", body | {"amount": 2}, Idempotency_Key=key),
        api.post("/debits", body | {"metadata": {"a": "b"}}, Idempotency_Key=key),
        api.post("/reservations", body, Idempotency_Key=key),
        *(api.settle(hold, verb, VERBS[verb], Idempotency_Key=key) for verb in VERBS),
    ]
    assert {problem(other) for other in others} == {(422, "idempotency-key-reused")}
    assert books(customer) == before


def test_the_same_key_of_another_customer_is_another(api, customer):
    other, key = funded(), new_key()
    for payer_of in (customer, other):
        response = api.post("/debits", payer(payer_of) | {"amount": 1}, Idempotency_Key=key)
        assert "Idempotent-Replayed" not in response.headers
    assert available(customer) == available(other) == 99


@pytest.mark.parametrize("key", ["shared-1", str(uuid7())])
def test_the_same_key_of_another_service_is_another(shop, api, customer, key):
    other = shop.api(shop.key(service=ServiceFactory()))
    for caller in (api, other):
        response = caller.post("/debits", payer(customer) | {"amount": 1}, Idempotency_Key=key)
        assert response.status_code == 201
        assert "Idempotent-Replayed" not in response.headers
    assert available(customer) == 98


def test_a_service_that_rotated_its_key_is_the_same_service(shop, api, customer):
    body = payer(customer) | {"amount": 1}
    first = api.post("/debits", body, Idempotency_Key="rotated-1")
    assert_replayed(first, shop.api(shop.key()).post("/debits", body, Idempotency_Key="rotated-1"))


@pytest.mark.parametrize("make_key", KINDS_OF_KEYS)
def test_a_refusal_uses_no_key_up(api, make_key):
    customer, key = CustomerFactory(), make_key()
    body = payer(customer) | {"amount": 1}
    assert problem(api.post("/debits", body, Idempotency_Key=key)) == (402, "insufficient-credits")
    fund(customer, 1)
    assert api.post("/debits", body, Idempotency_Key=key).status_code == 201


@pytest.mark.parametrize("path", ["/reservations", "/debits"])
def test_a_write_without_a_key_is_refused(api, customer, path):
    response = api.post(path, payer(customer) | {"amount": 1}, Idempotency_Key=NO_KEY)
    assert problem(response) == (400, "idempotency-key-missing")


@pytest.mark.parametrize("key", ["", '""', "x" * 256, '"open', "tab\tbed", b"\xe9"])
def test_a_key_that_is_none_is_refused(api, customer, key):
    response = api.post("/debits", payer(customer) | {"amount": 1}, Idempotency_Key=key)
    assert problem(response) == (400, "idempotency-key-malformed")
    assert available(customer) == 100


@pytest.mark.parametrize("make_key", KINDS_OF_KEYS)
def test_of_many_at_once_one_is_done(api, customer, make_key):
    key, body = make_key(), payer(customer) | {"amount": 3}
    with ThreadPoolExecutor(10) as threads:
        sent = [
            threads.submit(api.post, "/reservations", body, Idempotency_Key=key) for _ in range(10)
        ]
    answers = [one.result() for one in sent]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 9
    assert available(customer) == 97


def test_a_second_waits_for_a_first_that_still_runs(api, customer):
    body = payer(customer) | {"amount": 3}
    with ThreadPoolExecutor(2) as threads:
        with locked_wallet(customer):
            sent = [
                threads.submit(api.post, "/debits", body, Idempotency_Key="running-1")
                for _ in range(2)
            ]
        answers = [one.result() for one in sent]
    assert answers[0].content == answers[1].content
    assert available(customer) == 97


class TestTheFirstAnswerStands:
    """Whatever happened since: who repeats a request lost the answer, not the credits."""

    def test_after_the_hold_was_settled_and_reversed(self, api, customer):
        body = payer(customer) | {"amount": 5}
        first = api.post("/reservations", body, Idempotency_Key="stands-1")
        commit = api.settle(first.json(), "commit", Idempotency_Key="stands-2")
        api.settle(first.json(), "reverse", {"reason": "x"})
        assert_replayed(first, api.post("/reservations", body, Idempotency_Key="stands-1"))
        again = api.settle(first.json(), "commit", Idempotency_Key="stands-2")
        assert_replayed(commit, again)

    def test_after_the_customer_was_suspended(self, api, customer):
        body = payer(customer) | {"amount": 5}
        first = api.post("/debits", body, Idempotency_Key="stands-3")
        services.suspend_customer(customer)
        eventually(lambda: api.debit(customer, amount=1).status_code == 403, within=1)
        assert_replayed(first, api.post("/debits", body, Idempotency_Key="stands-3"))
        other = api.post("/debits", body | {"amount": 6}, Idempotency_Key="stands-3")
        assert problem(other) == (422, "idempotency-key-reused")

    def test_after_the_customers_key_was_revoked(self, api, customer):
        key, secret = ApiKeyFactory(customer=customer)
        body = {"api_key": secret, "amount": 5}
        first = api.post("/debits", body, Idempotency_Key="stands-4")
        services.revoke_key(key)
        eventually(lambda: api.post("/debits", body).status_code == 403, within=1)
        assert_replayed(first, api.post("/debits", body, Idempotency_Key="stands-4"))

    @staticmethod
    def price(api, customer):
        body = api.reserve(customer, endpoint="summarize").json()
        return body.get("amount", body.get("required"))

    def test_after_the_price_went_up(self, api, customer):
        body = payer(customer) | {"endpoint": "summarize"}
        first = api.post("/reservations", body, Idempotency_Key="stands-5")
        card = rate_cards.create_card(name="dearer", effective_at=timezone.now())
        rate_cards.set_price(card, Endpoint.objects.get(code="summarize"), per_call=9 * CREDIT)
        rate_cards.publish(card, withdrawing=set(PRICES))
        eventually(lambda: self.price(api, customer) == "9", within=1)
        RateCard.objects.filter(id=card.id).update(published_at=None)
        eventually(lambda: self.price(api, customer) == "4", within=1)
        assert_replayed(first, api.post("/reservations", body, Idempotency_Key="stands-5"))
