from collections.abc import Callable
from decimal import Decimal
from time import monotonic, sleep
from typing import Any, NamedTuple, Self

from drawdown import Client, uuid7
from drawdown.retrying import call
from drawdown.wire import Request

ENDPOINT = "summarize"


class World(NamedTuple):
    api: Client
    customer: str

    @classmethod
    def new(cls, api: Client, amount: str = "100") -> Self:
        made = api.post("/v1/customers", {"name": "Adventure"}, key=str(uuid7()))
        body = {"amount": amount, "kind": "promo"}
        api.post(f"/v1/customers/{made['id']}/grants", body, key=str(uuid7()))
        return cls(api, made["id"])

    def new_key(self) -> str:
        path = f"/v1/customers/{self.customer}/keys"
        secret: str = self.api.post(path, {"name": "tests"}, key=str(uuid7()))["secret"]
        return secret

    def limit_calls(self, calls: int, *, seconds: int) -> None:
        limits = [{"kind": "rate", "scope": "customer", "calls": calls, "seconds": seconds}]
        path = f"/v1/customers/{self.customer}/limits"
        request = Request("PUT", path, {"limits": limits}, str(uuid7()))
        self.api.run(call(request, self.api.retry))

    def balance(self) -> tuple[Decimal, Decimal]:
        """Available, and held."""
        balance = self.api.balance(self.customer)
        return balance.available, balance.held

    def calls(self) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = self.api.get(f"/v1/customers/{self.customer}/calls")["data"]
        return data

    def reservations(self) -> list[dict[str, Any]]:
        found = self.api.get("/v1/reservations", customer=self.customer)
        data: list[dict[str, Any]] = found["data"]
        return data


def soon(true: Callable[[], Any], seconds: float = 10) -> None:
    ends_at = monotonic() + seconds
    while not true():
        assert monotonic() < ends_at, "not within the time"
        sleep(0.02)
