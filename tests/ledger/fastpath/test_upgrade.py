"""Java's HttpClient, and Spring's RestClient on it, ask for HTTP/2 with each request."""

import asyncio

import pytest

from ledger.fastpath.http import read_body
from ledger.fastpath.refusals import MalformedRequest
from tests.ledger.fastpath.shop import problem

H2C = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAA"}
WEBSOCKET = {"Connection": "Upgrade", "Upgrade": "websocket"}
UPGRADES = pytest.mark.parametrize("upgrade", [H2C, WEBSOCKET])


@UPGRADES
def test_a_commit_takes_what_it_says_and_no_more(api, customer, upgrade):
    hold = api.hold(customer)
    settled = api.settle(hold, "commit", {"amount": "1"}, **upgrade)
    assert settled.status_code == 200
    assert (settled.json()["committed"], settled.json()["released"]) == ("1", "9")


@UPGRADES
def test_a_refusal_too_is_what_it_would_be(api, customer, upgrade):
    assert problem(api.post("/debits", b"{", **upgrade)) == (400, "malformed-json")


@pytest.mark.parametrize("declared", [b"14", b"1", b"-1"])
def test_a_body_that_was_lost_is_not_an_empty_one(declared):
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    with pytest.raises(MalformedRequest):
        asyncio.run(read_body({b"content-length": declared}, receive, limit=100))
