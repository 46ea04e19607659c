from datetime import UTC, datetime

import pytest

from accounts import ids
from ledger import services
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from tests.ledger.api.conftest import operate, path

pytestmark = pytest.mark.django_db


def read_all(caller, customer, *, limit, meanwhile=lambda: None):
    found, cursor = [], ""
    while cursor is not None:
        body = caller.get(path(customer, f"/transactions?limit={limit}{cursor}")).json()
        found += body["data"]
        cursor = body["next_cursor"] and f"&cursor={body['next_cursor']}"
        meanwhile()
    return found


def test_a_grant_shows_its_entries_credits_and_money(service, customer):
    result = services.grant(
        customer.id, amount=100 * CREDIT, kind="paid", price=2500, currency="USD", reason="Pack"
    )
    (transaction,) = service.get(path(customer, "/transactions")).json()["data"]
    assert datetime.fromisoformat(transaction.pop("posted_at")) <= datetime.now(UTC)
    lot = ids.encode("lot", result.lot_id)
    assert transaction == {
        "id": ids.encode("txn", result.transaction_id),
        "version": 1,
        "kind": "grant",
        "amount": "100",
        "balance_after": "100",
        "transfers": [
            {"unit": "CR", "debit": "U10", "credit": "U20", "amount": "100", "lot": lot},
            {"unit": "USD", "debit": "1000", "credit": "2100", "amount": "25.00", "lot": lot},
        ],
        "reservation": None,
        "reverses": None,
        "reason": "Pack",
        "effective_at": None,
    }


def test_a_commit_names_its_reservation(service, funded):
    hold = operate("reserve", funded, amount=10 * CREDIT)
    done = operate("commit", funded, reservation_id=hold.reservation_id, amount=4 * CREDIT)
    transaction = service.get(path(funded, "/transactions?limit=1")).json()["data"][0]
    assert transaction["id"] == ids.encode("txn", done.transaction_id)
    assert (transaction["kind"], transaction["amount"]) == ("commit", "-4")
    assert transaction["balance_after"] == "96"
    assert transaction["reservation"] == str(ReservationId(funded.id, hold.reservation_id, 0))


def test_a_reversal_names_what_it_reverses(service, funded):
    done = operate("debit", funded, amount=4 * CREDIT)
    operate("reverse", funded, reservation_id=done.reservation_id)
    reversal, commit, _ = service.get(path(funded, "/transactions")).json()["data"]
    assert (reversal["kind"], reversal["amount"]) == ("reverse", "4")
    assert reversal["reverses"] == commit["id"]


def test_several_lots_are_several_transfers_of_one_transaction(service, funded):
    services.grant(funded.id, amount=50 * CREDIT, kind="promo", priority=1)
    operate("debit", funded, amount=60 * CREDIT)
    transaction = service.get(path(funded, "/transactions")).json()["data"][0]
    assert transaction["amount"] == "-60"
    assert [transfer["amount"] for transfer in transaction["transfers"]] == ["50", "10"]


def test_history_is_in_the_wallets_order_the_last_first(service, funded):
    for amount in range(1, 8):
        operate("debit", funded, amount=amount * CREDIT)
    found = read_all(service, funded, limit=3)
    assert [one["version"] for one in found] == list(range(8, 0, -1))


def test_pages_neither_skip_nor_repeat_while_rows_arrive(service, funded):
    for _ in range(10):
        operate("debit", funded, amount=CREDIT)
    found = read_all(
        service, funded, limit=2, meanwhile=lambda: operate("debit", funded, amount=CREDIT)
    )
    assert [one["version"] for one in found] == list(range(11, 0, -1))


def test_a_page_ends_between_transactions_and_never_within_one(service, funded):
    services.grant(funded.id, amount=CREDIT, kind="paid", price=100, currency="USD")
    pages = read_all(service, funded, limit=1)
    assert [len(one["transfers"]) for one in pages] == [2, 1]


def test_a_customer_reads_its_own(own, funded):
    assert len(own.get(path(funded, "/transactions")).json()["data"]) == 1
