"""A company with prices, keys and customers, and an HTTP client for its service."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import httpx
from django.db import connection, connections
from django.utils import timezone

from accounts import ids
from accounts.models import Customer, Scope, Service
from ledger import services
from ledger.amounts import CREDIT
from ledger.models import Endpoint, Price, PriceGroup, PriceTerms, RateCard
from ledger.prices import rate_cards
from ledger.prices.pricing import Unit
from tests.factories.accounts import CustomerFactory, ServiceFactory, ServiceKeyFactory

NO_KEY = "(no header)"
_unused = count(1)


def new_key() -> str:
    return f"fastpath-{next(_unused)}"


@dataclass
class Shop:
    base_url: str
    service: Service = field(default_factory=ServiceFactory)
    secret: str = ""
    apis: dict[str, "Api"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.secret = self.key()

    def key(self, *scopes: Scope, service: Service | None = None) -> str:
        """Another key, with every scope unless told otherwise."""
        scopes = scopes or tuple(Scope)
        return ServiceKeyFactory(service=service or self.service, scopes=list(scopes)).secret

    def api(self, secret: str | None = None) -> "Api":
        secret = self.secret if secret is None else secret
        if secret not in self.apis:
            self.apis[secret] = Api(self.base_url, secret)
        return self.apis[secret]

    def close(self) -> None:
        for api in self.apis.values():
            api.close()


class Api:
    """A write has an idempotency key of its own unless given one."""

    def __init__(self, base_url: str, secret: str) -> None:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self._client = httpx.Client(base_url=f"{base_url}/v1", headers=headers, timeout=30)

    def close(self) -> None:
        self._client.close()

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps({} if body is None else body)
        return self.send("POST", path, content, **headers)

    def send(
        self, method: str, path: str, content: str | bytes = b"", **headers: str
    ) -> httpx.Response:
        sent = {"Idempotency-Key": new_key()}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if sent["Idempotency-Key"] == NO_KEY:
            del sent["Idempotency-Key"]
        return self._client.request(method, path, content=content, headers=sent)

    def reserve(self, customer: Customer, **fields: Any) -> httpx.Response:
        return self.post("/reservations", payer(customer) | fields)

    def debit(self, customer: Customer, **fields: Any) -> httpx.Response:
        return self.post("/debits", payer(customer) | fields)

    def hold(self, customer: Customer, **fields: Any) -> dict[str, Any]:
        """A reservation that was granted."""
        response = self.reserve(customer, **({"amount": "10"} | fields))
        assert response.status_code == 201, response.text
        return response.json()

    def settle(self, hold: dict[str, Any], verb: str, body: Any = None, **headers: str) -> Any:
        return self.post(f"/reservations/{hold['id']}/{verb}", body, **headers)

    def batch(self, *operations: Any) -> list[dict[str, Any]]:
        response = self.post("/batch", {"operations": list(operations)}, Idempotency_Key=NO_KEY)
        assert response.status_code == 200, response.text
        return response.json()["results"]


def payer(customer: Customer) -> dict[str, str]:
    return {"customer": name(customer)}


def name(customer: Customer) -> str:
    return ids.encode(ids.CUSTOMER, customer.id)


def problem(response: httpx.Response) -> tuple[int, str]:
    """The status and the code of a refusal."""
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, code(response.json())


def code(body: dict[str, Any]) -> str:
    assert body["type"].startswith("/problems/")
    return body["type"].removeprefix("/problems/")


def funded(credits: int = 100, **lot: Any) -> Customer:
    customer = CustomerFactory()
    fund(customer, credits, **lot)
    return customer


def fund(customer: Customer, credits: int, **lot: Any) -> None:
    services.grant(customer.id, amount=credits * CREDIT, **({"kind": "promo"} | lot))


def books(customer: Customer) -> list[tuple[Any, ...]]:
    """Everything that an operation could have changed."""
    queries = (
        "select balance, held, frozen, version from ledger_wallet",
        "select id, remaining, held, frozen from ledger_lot_state",
        "select id, amount, committed, expires_at from ledger_hold",
        "select id, state, committed, reversed from ledger_call",
        "select id, amount from ledger_transfer",
        "select key from ledger_key",
    )
    found = []
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(f"{query} where customer_id = %s order by 1", [customer.id])
            found.append(tuple(cursor.fetchall()))
    return found


def available(customer: Customer) -> int:
    """In whole credits."""
    return (services.refresh(customer.id).available or 0) // CREDIT


PRICES = {
    "classify": {"per_call": CREDIT},
    "summarize": {"per_call": 4 * CREDIT},
    "generate": {
        "per_call": 2 * CREDIT,
        "units": [Unit("tokens", 1000, 350_000)],
    },
    "strict": {"per_call": 5 * CREDIT},
    "ping": {},
}


@contextmanager
def prices() -> Iterator[RateCard]:
    """A rate card in force, gone afterwards."""
    begun = timezone.now() - timedelta(days=60)
    card = rate_cards.create_card(name="fastpath", effective_at=begun)
    for endpoint_code, price in PRICES.items():
        endpoint = rate_cards.create_endpoint(
            code=endpoint_code,
            name=endpoint_code,
            method="POST",
            path_template=f"/v1/files/{{id}}/{endpoint_code}",
            billed_client_error=100 if endpoint_code == "strict" else 0,
        )
        rate_cards.set_price(card, endpoint, **price)
    rate_cards.publish(card)
    try:
        yield card
    finally:
        PriceTerms.objects.all().delete()
        Price.objects.all().delete()
        RateCard.objects.all().delete()
        PriceGroup.objects.all().delete()
        Endpoint.objects.all().delete()


@contextmanager
def locked(statement: str, *parameters: Any) -> Iterator[None]:
    """What the owner's role has locked meanwhile."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("begin")
        try:
            cursor.execute(statement, parameters)
            yield
        finally:
            cursor.execute("rollback")


def locked_wallet(customer: Customer) -> Any:
    return locked("select from ledger_wallet where customer_id = %s for update", customer.id)


def together(calls: list[Any]) -> list[httpx.Response]:
    """The answers to requests of which all but the first travel in one call of the core.

    The first is held up by a lock until the others have arrived.
    """
    with ThreadPoolExecutor(len(calls)) as threads:
        with locked("lock table ledger_hold in access exclusive mode"):
            first = threads.submit(calls[0])
            _wait_for_lock()
            others: list[Future[httpx.Response]] = [threads.submit(call) for call in calls[1:]]
            sleep(0.2)
        return [first.result(), *(other.result() for other in others)]


def _wait_for_lock() -> None:
    waiting = "select exists (select from pg_stat_activity where wait_event_type = 'Lock')"
    eventually(lambda: _one_value(waiting))


def eventually(condition: Any, *, within: float = 5) -> None:
    deadline = monotonic() + within
    while not condition():
        assert monotonic() < deadline, "it did not happen"
        sleep(0.01)


def _one_value(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def uuid_of(hold: dict[str, Any]) -> UUID:
    return UUID(hold["id"][4 + 32 : 4 + 64])
