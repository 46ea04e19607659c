"""Guards that pay from leases: real servers, real clients that hang up."""

import asyncio
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Annotated

import httpx
import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from fastapi import Depends, FastAPI, Response

from drawdown import AsyncClient, AsyncLeases, Client, Hold, Leases
from drawdown.guards import asgi, django, fastapi, wsgi
from tests.system.sdk.conftest import PATIENT
from tests.system.sdk.test_guards import (
    as_summarize,
    as_summarize_by_threads,
    by_threads,
    caller,
    hang_up,
    over_asgi,
    plain,
    served,
    served_by_threads,
)
from tests.system.sdk.test_leases import SLOWLY, cost, counted
from tests.system.sdk.world import ENDPOINT

__all__ = ["cost"]


class Both:
    def __init__(self, client):
        self.client, self.leases = client, AsyncLeases(client, size=SLOWLY)

    async def aclose(self):
        await self.leases.aclose()
        await self.client.aclose()


@contextmanager
def by_asgi(url, secret):
    both = Both(AsyncClient(url, secret, retry=PATIENT))
    with served(both, asgi.Guard(plain, both.leases, as_summarize)) as served_at:
        yield served_at


@contextmanager
def by_wsgi(url, secret):
    with (
        Client(url, secret, retry=PATIENT) as client,
        Leases(client, size=SLOWLY) as leases,
        served_by_threads(wsgi.Guard(by_threads, leases, as_summarize_by_threads)) as served_at,
    ):
        yield served_at


@contextmanager
def by_fastapi(url, secret):
    both = Both(AsyncClient(url, secret, retry=PATIENT))
    app = FastAPI()
    charged = fastapi.install(app, both.leases)

    @app.get("/{what}")
    async def answer(what: str, hold: Annotated[Hold, Depends(charged(ENDPOINT))]):
        if what == "raise":
            raise ZeroDivisionError
        return Response(hold.customer, status_code=int(what) if what.isdigit() else 200)

    with served(both, app) as served_at:
        yield served_at


@contextmanager
def site(kind, road, demo, world):
    """What is spent is settled when it ends."""
    with kind(road.url, demo["service_key"]) as url, caller(url, world) as made:
        yield made


KINDS = pytest.mark.parametrize("kind", [by_asgi, by_wsgi, by_fastapi])


@KINDS
def test_an_answer_is_paid_without_asking(kind, road, demo, world, cost):
    with site(kind, road, demo, world) as made:
        assert made.get("/200").text == world.customer
        asked = road.requests
        for _ in range(5):
            answer = made.get("/200")
            assert (answer.status_code, answer.text) == (200, world.customer)
        assert road.requests == asked
    assert world.balance() == (100 - 6 * cost, 0) and counted(world) == 6


@KINDS
def test_what_raises_costs_nothing(kind, road, demo, world, cost):
    with site(kind, road, demo, world) as made:
        for path in ("/200", "/raise"):
            with suppress(httpx.HTTPError):
                made.get(path)
    assert world.balance() == (100 - cost, 0) and counted(world) == 1


@KINDS
def test_refusals_are_answered_as_problems(kind, road, demo, world):
    world.api.debit(world.customer, amount=100)
    with site(kind, road, demo, world) as made:
        answer = made.get("/200")
        assert answer.status_code == 402
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["type"].endswith("insufficient-credits")
        wrong = made.get("/200", headers={"X-Api-Key": "ddk_nonsense"})
        assert (wrong.status_code, wrong.json()["type"]) == (403, "/problems/key-invalid")


@KINDS
def test_nobody_pays_by_the_id_of_a_customer(kind, road, demo, world, cost):
    with site(kind, road, demo, world) as made:
        answer = made.get("/200", headers={"X-Api-Key": world.customer})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/key-invalid")
    assert world.balance() == (100, 0)


def test_too_many_calls_are_answered_so(road, demo, world):
    # The next call is free in half an hour: no client waits for that.
    world.limit_calls(2, seconds=3600)
    for _ in range(2):
        world.api.debit(world.customer, ENDPOINT)
    with site(by_asgi, road, demo, world) as made:
        answer = made.get("/200")
    assert (answer.status_code, answer.json()["status"]) == (429, 429)
    assert int(answer.headers["Retry-After"]) > 0


@KINDS
@pytest.mark.parametrize("status", [400, 500])
def test_the_outcome_policy_prices_what_failed(kind, road, demo, world, cost, status):
    with site(kind, road, demo, world) as made:
        assert made.get("/200").status_code == 200
        assert made.get(f"/{status}").status_code == status
    assert world.balance() == (100 - cost, 0)
    outcomes = {call["outcome"]: call["amount"] for call in world.calls()}
    assert outcomes["server_error" if status == 500 else "client_error"] == "0"


@pytest.mark.parametrize(("kind", "path"), [(by_asgi, "/wait"), (by_wsgi, "/long")])
def test_who_hangs_up_pays_nothing(kind, path, road, demo, world, cost):
    with site(kind, road, demo, world) as made:
        assert made.get("/200").status_code == 200
        hang_up(made, path)
    assert world.balance() == (100 - cost, 0) and counted(world) == 1


@pytest.fixture
def in_django(settings, road, demo, world):
    settings.DRAWDOWN = {"url": road.url, "key": demo["service_key"], "retry": PATIENT}
    settings.DRAWDOWN_LEASES = {"size": SLOWLY}
    for made in (django.client, django.leases):
        made.cache_clear()
    yield RequestFactory(headers={"Authorization": f"Bearer {world.new_key()}"})
    django.leases().close()
    django.client().close()


def test_django_views_pay_without_asking(in_django, road, world, cost):
    @django.charged(ENDPOINT)
    def view(request, fails=False):
        if fails:
            raise ZeroDivisionError
        return HttpResponse(request.drawdown.customer)

    assert view(in_django.get("/")).content.decode() == world.customer
    asked = road.requests
    view(in_django.get("/"))
    with pytest.raises(ZeroDivisionError):
        view(in_django.get("/"), fails=True)
    assert road.requests == asked
    django.leases().close()
    assert world.balance() == (100 - 2 * cost, 0)


def test_async_django_views_pay_without_asking(in_django, road, world, cost):
    @django.charged(ENDPOINT)
    async def view(request):
        return HttpResponse(request.drawdown.customer)

    async def main():
        await view(over_asgi(in_django))
        asked = road.requests
        await view(over_asgi(in_django))
        return road.requests - asked

    assert asyncio.run(main()) == 0
    assert world.balance() == (100 - 2 * cost, 0)


def test_functions_pay_without_asking(credits, road, world, cost):
    with Leases(credits, size=SLOWLY) as leases:

        @leases.charged(ENDPOINT, customer=lambda of: of)
        def work(of):
            return of

        work(world.customer)
        asked = road.requests
        assert work(world.customer) == world.customer
        assert road.requests == asked
    assert world.balance() == (100 - 2 * cost, 0)


def test_what_is_said_of_work_is_the_services_to_price(credits, world):
    with Leases(credits, size=SLOWLY) as leases:
        with leases.reserve(world.customer, ENDPOINT) as hold:
            hold.use(amount="1.5")
        with leases.reserve(world.customer, ENDPOINT, amount=2) as hold:
            assert hold.id is not None
    assert world.balance() == (Decimal("96.5"), 0)
    assert sorted(call["amount"] for call in world.calls() if call["calls"]) == ["1.5", "2"]
