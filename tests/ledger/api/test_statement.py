from datetime import timedelta

import pytest

from accounts import ids
from ledger import selectors, services
from ledger.amounts import CREDIT
from tests.ledger.api.conftest import operate, path

pytestmark = pytest.mark.django_db


def test_it_adds_up_from_the_opening_to_the_closing_balance(own, funded):
    then = selectors.now().isoformat().replace("+00:00", "Z")
    lot = services.grant(funded.id, amount=20 * CREDIT, kind="goodwill", reason="Sorry").lot_id
    operate("debit", funded, amount=5 * CREDIT)
    body = own.get(path(funded, f"/statement?from={then}")).json()
    assert (body["opening"]["balance"], body["closing"]["balance"]) == ("100", "115")
    assert body["opening"]["at"] == then
    assert body["sums"] == [
        {"kind": "commit", "amount": "-5", "lines": 1},
        {"kind": "grant-goodwill", "amount": "20", "lines": 1},
    ]
    used, granted = body["data"]
    assert (used["balance_after"], granted["balance_after"]) == ("115", "120")
    assert granted["lots"] == [{"lot": ids.encode("lot", lot), "amount": "20"}]
    assert granted["reason"] == "Sorry"


def test_it_has_pages(service, funded):
    for _ in range(4):
        operate("debit", funded, amount=CREDIT)
    found, cursor = [], ""
    while cursor is not None:
        body = service.get(path(funded, f"/statement?limit=2{cursor}")).json()
        found += [line["balance_after"] for line in body["data"]]
        cursor = body["next_cursor"] and f"&cursor={body['next_cursor']}"
    assert found == ["96", "97", "98", "99", "100"]


def test_without_a_history_it_is_empty(service, customer):
    body = service.get(path(customer, "/statement")).json()
    assert (body["data"], body["sums"], body["next_cursor"]) == ([], [], None)
    assert body["opening"]["balance"] == body["closing"]["balance"] == "0"


def test_it_goes_up_to_now(service, funded):
    body = service.get(path(funded, "/statement?from=2026-01-01&to=2999-01-01")).json()
    assert body["closing"]["at"] < (selectors.now() + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    "query", ["from=2999-01-01&to=2999-01-02", "from=2026-01-02&to=2026-01-01", "from=x", "limit=0"]
)
def test_nonsense_is_refused(service, funded, query):
    assert service.get(path(funded, f"/statement?{query}")).status_code == 400


def test_a_stranger_may_not_read_it(stranger, funded):
    assert stranger.get(path(funded, "/statement")).status_code == 404
