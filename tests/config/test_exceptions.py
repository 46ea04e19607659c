from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils.html import escape

from accounts.errors import AccountsError
from billing.errors import BillingError
from config.exceptions import CONTENT_TYPE
from config.problems import PROBLEMS
from config.remedies import REMEDIES
from ledger.errors import _SENTENCES
from tests.factories.accounts import ServiceKeyFactory

pytestmark = pytest.mark.django_db


def codes(error: type[AccountsError | BillingError]) -> Iterator[str]:
    if hasattr(error, "code"):
        yield error.code
    for kind in error.__subclasses__():
        yield from codes(kind)


def test_every_refusal_has_a_status() -> None:
    assert {*codes(AccountsError), *codes(BillingError), *_SENTENCES} <= PROBLEMS.keys()


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_has_a_page(client: Client, code: str) -> None:
    response = client.get(f"/problems/{code}")
    assert response.status_code == 200
    page = response.content.decode()
    assert escape(PROBLEMS[code].meaning) in page
    assert escape(REMEDIES[code]) in page


def test_no_remedy_is_for_a_problem_that_there_is_not() -> None:
    assert REMEDIES.keys() == PROBLEMS.keys()


def test_all_problems_are_listed(client: Client) -> None:
    page = client.get("/problems/").content.decode()
    assert all(f'href="/problems/{code}"' in page for code in PROBLEMS)


def test_a_problem_that_there_is_not_has_no_page(client: Client) -> None:
    assert client.get("/problems/nothing").status_code == 404


def test_a_problem_says_everything(client: Client) -> None:
    response = client.get("/v1/customers/cus_1", headers={"X-Request-Id": "mine-1"})
    assert response.headers["Content-Type"] == CONTENT_TYPE
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["X-Request-Id"] == "mine-1"
    assert response.headers["X-Should-Retry"] == "false"
    assert response.json() == {
        "type": "/problems/unauthorized",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Send a valid key as Authorization: Bearer KEY.",
        "request_id": "mine-1",
    }


def refusals(client: Client) -> Iterator[tuple[HttpResponse, int, str]]:
    headers = {"Authorization": f"Bearer {ServiceKeyFactory().secret}", "Idempotency-Key": "one"}
    yield client.get("/v1/nothing/here", headers=headers), 404, "not-found"
    yield client.put("/v1/customers", headers=headers), 405, "method-not-allowed"
    send = {"path": "/v1/customers", "headers": headers}
    json, text = "application/json", "text/plain"
    yield client.post(**send, data="{", content_type=json), 400, "malformed-json"
    yield client.post(**send, data="{", content_type=text), 400, "malformed-json"
    too_large = b'"' + b"x" * 3_000_000 + b'"'
    yield client.post(**send, data=too_large, content_type=json), 413, "request-too-large"


def test_no_refusal_is_a_page(client: Client) -> None:
    for response, status, code in refusals(client):
        assert response.headers["Content-Type"] == CONTENT_TYPE
        assert (response.status_code, response.json()["type"]) == (status, f"/problems/{code}")


def test_a_fault_of_ours_is_a_problem_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.selectors.customer_by_id", lambda _: 1 / 0)
    client.raise_request_exception = False
    headers = {"Authorization": f"Bearer {ServiceKeyFactory().secret}"}
    response = client.get(f"/v1/customers/cus_{'0' * 32}", headers=headers)
    assert response.status_code == 500
    assert response.json()["type"] == "/problems/internal-error"
    assert response.headers["X-Should-Retry"] == "true"


def test_other_pages_stay_pages(client: Client) -> None:
    response = client.get("/nothing/here")
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/v1/openapi.json", "/healthz", "/readyz", "/metrics"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_what_is_only_read_takes_no_other_method(path: str, method: str) -> None:
    response = Client(enforce_csrf_checks=True).generic(method, path)
    assert response.headers["Content-Type"] == CONTENT_TYPE
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/openapi.json", 200), ("/v1/endpoints", 401), ("/healthz", 200), ("/metrics", 200)],
)
def test_what_takes_no_session_is_reached_by_any_name(
    client: Client, path: str, status: int
) -> None:
    assert client.get(path, headers={"Host": "ledger.internal"}).status_code == status


def test_pages_are_reached_by_their_own_names(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/admin/", headers={"Host": "elsewhere.example"})
    assert response.status_code == 400
    assert b"ALLOWED_HOSTS" in response.content
    assert not [record for record in caplog.records if record.exc_info]
