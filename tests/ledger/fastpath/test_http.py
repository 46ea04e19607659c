import httpx
import pytest

from accounts import keys
from accounts.keys import KeyKind
from tests.factories.accounts import ApiKeyFactory
from tests.ledger.fastpath.shop import NO_KEY, payer, problem

PATHS = ["/reservations", "/debits", "/batch", f"/reservations/rsv_{'0' * 72}/commit"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("secret", ["", "x", "dds_" + "0" * 39])
def test_without_a_good_key_nobody_learns_anything(shop, path, secret):
    response = shop.api(secret).post(path, b"{")
    assert problem(response) == (401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_nor_with_one_that_was_never_issued(shop):
    response = shop.api(keys.generate(KeyKind.SERVICE)).post("/debits", b"{")
    assert problem(response) == (401, "unauthorized")


def test_a_customers_own_key_writes_nothing(shop, customer):
    api = shop.api(ApiKeyFactory(customer=customer).secret)
    assert problem(api.debit(customer, amount=1)) == (403, "forbidden")


@pytest.mark.parametrize(
    "body", [b"{", b"", b"[", b"nonsense", b'{"a": NaN}', b"\xff", b'"\\ud800"']
)
@pytest.mark.parametrize("path", ["/reservations", "/debits", "/batch"])
def test_what_is_no_json_is_refused(api, path, body):
    expected = "invalid-request" if body == b"" else "malformed-json"
    assert problem(api.post(path, body)) == (400, expected)


def test_json_that_is_nested_without_end_is_refused(api):
    assert problem(api.post("/debits", b"[" * 100_000)) == (400, "malformed-json")


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"true"])
def test_json_that_is_no_object_is_refused(api, body):
    assert problem(api.post("/debits", body)) == (400, "invalid-request")


def test_a_body_without_end_is_refused(api):
    assert problem(api.post("/debits", b" " * 1024 * 1025)) == (413, "request-too-large")
    assert problem(api.post("/batch", b" " * 1024 * 4097)) == (413, "request-too-large")


def test_one_of_undeclared_length_too(api):
    def endless():
        for _ in range(1100):
            yield b" " * 1024

    assert problem(api.send("POST", "/debits", endless())) == (413, "request-too-large")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", PATHS[1:])
def test_another_method_is_refused(api, method, path):
    response = api.send(method, path)
    assert problem(response) == (405, "method-not-allowed")
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/reservations/x/y", "/debits/", "/debit"])
def test_what_is_not_there_is_not_found(api, path):
    assert problem(api.post(path)) == (404, "not-found")


@pytest.mark.parametrize("path", ["/healthz", "/v1/reservations", "/v1/endpoints"])
def test_everything_else_is_djangos(shop, path):
    headers = {"Authorization": f"Bearer {shop.secret}"}
    assert httpx.get(shop.base_url + path, headers=headers).status_code == 200


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "a/b+json"])
def test_both_halves_read_json_whatever_it_is_called_and_by_any_name(shop, api, customer, kind):
    headers = {"Content_Type": kind, "Host": "ledger.internal"}
    assert api.post("/debits", payer(customer) | {"amount": 1}, **headers).status_code == 201
    assert api.post("/customers", {"name": "Acme"}, **headers).status_code == 201


@pytest.mark.parametrize("path", ["/debits", "/customers"])
def test_two_keys_are_none(shop, path):
    headers = [("Authorization", f"Bearer {shop.secret}"), *[("Idempotency-Key", "a")] * 2]
    response = httpx.post(f"{shop.base_url}/v1{path}", headers=headers, json={"name": "x"})
    assert problem(response) == (400, "idempotency-key-malformed")


def test_an_answer_says_the_callers_request_id(api, customer):
    response = api.debit(customer, amount=1)
    assert response.headers["X-Request-Id"].startswith("req_")
    sent = payer(customer) | {"amount": 1}
    assert api.post("/debits", sent, X_Request_Id="mine-1").headers["X-Request-Id"] == "mine-1"
    refusal = api.post("/debits", {}, X_Request_Id="mine-2")
    assert refusal.headers["X-Request-Id"] == refusal.json()["request_id"] == "mine-2"
    insane = api.post("/debits", {}, X_Request_Id="a b\tc")
    assert insane.headers["X-Request-Id"].startswith("req_")


def test_a_problem_says_whether_to_try_again(api, customer):
    response = api.debit(customer, amount=1000)
    assert response.headers["X-Should-Retry"] == "false"
    body = response.json()
    assert body["type"] == "/problems/insufficient-credits"
    assert body["status"] == 402
    assert body["title"] and body["detail"]


def test_a_problem_has_a_page(shop, api):
    kind = api.post("/debits", {}, Idempotency_Key=NO_KEY).json()["type"]
    assert httpx.get(shop.base_url + kind).status_code == 200
