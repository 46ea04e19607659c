"""Every call of Northwind AI is paid: over real HTTP, against the real service."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from config.demo.traffic import samples
from tests.config.service import Service
from tests.demo.company import northwind_url, started

TEXT = b"Boats come home. Boats leave again. The lamp burns."
SOON_SECONDS = 5


class Customer:
    def __init__(self, service: Service, number: int) -> None:
        demo = service.demo()
        self.known = demo["customers"][number]
        key = {"Authorization": f"Bearer {self.known['api_key']}"}
        self.northwind = httpx.Client(base_url=northwind_url(service), headers=key, timeout=20)
        service_key = {"Authorization": f"Bearer {demo['service_key']}"}
        self.drawdown = httpx.Client(base_url=f"{demo['base_url']}/v1/", headers=service_key)

    def close(self) -> None:
        self.northwind.close()
        self.drawdown.close()

    def generate(self, tokens: int, **options: float) -> httpx.Response:
        body = {"prompt": "The keeper of the", "max_tokens": tokens}
        return self.northwind.post("/v1/generate", json=body, **options)

    def balance(self) -> dict[str, Decimal]:
        shown = self.drawdown.get(f"customers/{self.known['id']}/balance").json()
        return {name: Decimal(shown[name]) for name in ("available", "held", "total")}

    def last(self) -> dict:
        """The last reservation that was made for this customer."""
        path = f"reservations?customer={self.known['id']}&limit=1"
        return self.drawdown.get(path).json()["data"][0]

    def await_end(self) -> dict:
        deadline = time.monotonic() + SOON_SECONDS
        while (last := self.last())["status"] == "held" and time.monotonic() < deadline:
            time.sleep(0.05)
        return last


@pytest.fixture(scope="module")
def service(state: Path) -> Iterator[Service]:
    with started(state) as service:
        yield service


@pytest.fixture
def customer(service: Service) -> Iterator[Customer]:
    with closing(Customer(service, 0)) as customer:
        yield customer


@pytest.fixture
def poor(service: Service) -> Iterator[Customer]:
    """Has a promotion of 100 credits and no more."""
    with closing(Customer(service, 6)) as customer:
        yield customer


@pytest.mark.parametrize(
    ("path", "content", "price"),
    [
        ("/v1/classify", b"Where is my invoice", 1),
        ("/v1/files/a1/summary", TEXT, 4),
        ("/v1/files/a1/text", samples.pdf(["A page."]), 12),
    ],
)
def test_a_call_costs_its_price(customer: Customer, path: str, content: bytes, price: int) -> None:
    before = customer.balance()
    response = customer.northwind.post(path, content=content)
    assert response.status_code == 200, response.text
    after = customer.balance()
    assert (after["total"], after["held"]) == (before["total"] - price, 0)
    assert customer.last()["status"] == "committed"


def test_tokens_are_paid_as_they_were_written(customer: Customer) -> None:
    before = customer.balance()
    assert customer.generate(200).json()["tokens"] == 200
    assert customer.balance()["total"] == before["total"] - Decimal("2.07")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/v1/classify", b"1 2 3"),
        ("/v1/classify", b"\xff"),
        ("/v1/files/a1/summary", b"Short."),
        ("/v1/files/a1/text", b"no pdf"),
    ],
)
def test_bad_input_is_in_the_call_log_and_costs_nothing(
    customer: Customer, path: str, content: bytes
) -> None:
    before = customer.balance()
    assert customer.northwind.post(path, content=content).status_code == 422
    assert customer.balance() == before
    last = customer.last()
    assert (last["status"], last["committed"]) == ("committed", "0")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"prompt": "", "max_tokens": 0}', b"[1]"])
def test_what_cannot_be_priced_reserves_nothing(customer: Customer, body: bytes) -> None:
    before = customer.last()
    assert customer.northwind.post("/v1/generate", content=body).status_code == 400
    assert customer.last() == before


def test_a_failure_of_northwind_costs_nothing(customer: Customer) -> None:
    before = customer.balance()
    assert customer.generate(15_000).status_code == 504
    assert customer.balance() == before
    assert customer.last()["committed"] == "0"


def test_who_hangs_up_gets_the_credits_back(customer: Customer) -> None:
    before = customer.balance()
    with pytest.raises(httpx.ReadTimeout):
        customer.generate(4_000, timeout=0.5)
    assert customer.await_end()["status"] == "released"
    assert customer.balance() == before


def test_without_credits_the_refusal_is_passed_on(poor: Customer) -> None:
    calls = 0
    while (response := poor.northwind.post("/v1/files/a/summary", content=TEXT)).is_success:
        calls += 1
    assert calls == 25
    assert response.status_code == 402
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"].endswith("/problems/insufficient-credits")
    assert problem["shortfall"] == "4"


def test_a_key_that_is_not_known_is_refused(customer: Customer) -> None:
    response = customer.northwind.post(
        "/v1/classify", content=b"Hello", headers={"Authorization": "Bearer ddk_nobody"}
    )
    assert response.status_code == 403
    assert response.json()["type"].endswith("/problems/key-invalid")


def test_without_a_key_nobody_is_asked(customer: Customer) -> None:
    url = customer.northwind.base_url
    assert (
        httpx.post(f"{str(url).rstrip(chr(47))}/v1/classify", content=b"Hello").status_code == 401
    )


def test_only_what_is_sold_is_found(customer: Customer) -> None:
    assert customer.northwind.post("/v1/translate", content=b"Hello").status_code == 404
    assert customer.northwind.get("/v1/classify").status_code == 405
    large = json.dumps({"prompt": "a" * 5_000_000})
    assert customer.northwind.post("/v1/generate", content=large).status_code == 413
