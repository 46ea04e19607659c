"""The rows that the ledger has of some customers, and what its reading API says of the same."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from tests.system.calls import balance, granted, micro, pages
from tests.system.http import Api
from tests.system.installation import Installation, Row


class Books:
    def __init__(self, installation: Installation, customers: Collection[UUID]) -> None:
        def rows(table: str, order: str = "customer_id") -> list[Row]:
            query = f"select * from {table} where customer_id = any(%s) order by {order}"
            return installation.rows(query, [list(customers)])

        assert rows("ledger_hold") == []
        self.wallets = {row["customer_id"]: row for row in rows("ledger_wallet")}
        self.lots = {row["id"]: row for row in rows("ledger_lot_state", "seq desc")}
        self.calls = {row["id"]: row for row in rows("ledger_call", "id desc")}
        # Of credits; the last first.
        self.transactions: dict[UUID, list[Row]] = defaultdict(list)
        for row in rows("ledger_transfer", "version desc"):
            if row["unit"] == "CR":
                self.transactions[row["transaction_id"]].append(row)

    def assert_api_says_the_same(self, api: Api, customer: UUID) -> None:
        name = f"cus_{customer.hex}"
        wallet = self.wallets[customer]
        assert [micro(amount) for amount in balance(api, name)] == [
            wallet["balance"] - wallet["held"] - wallet["frozen"],
            wallet["held"],
            wallet["balance"],
        ]
        _same(pages(api, f"/customers/{name}/lots"), _of(customer, self.lots), _lot)
        reservations = pages(api, f"/reservations?customer={name}")
        _same(reservations, _of(customer, self.calls), _reservation)
        for shown in reservations[:3]:
            alone = granted(api.get(f"/reservations/{shown['id']}"))
            assert alone.items() >= shown.items()
        self._assert_transactions(pages(api, f"/customers/{name}/transactions"), customer)

    def _assert_transactions(self, shown: list[Any], customer: UUID) -> None:
        own = [legs for legs in self.transactions.values() if legs[0]["customer_id"] == customer]
        assert [one["id"] for one in shown] == [
            f"txn_{legs[0]['transaction_id'].hex}" for legs in own
        ]
        for one, legs in zip(shown, own, strict=True):
            assert micro(one["balance_after"]) == legs[0]["balance_after"]
            assert one["version"] == legs[0]["version"]
            assert abs(micro(one["amount"])) == sum(leg["amount"] for leg in legs)


def _of(customer: UUID, rows: dict[UUID, Row]) -> list[Row]:
    return [row for row in rows.values() if row["customer_id"] == customer]


def _same(shown: list[Any], rows: list[Row], look: Any) -> None:
    assert [look(one, row) for one, row in zip(shown, rows, strict=True)] == rows


def _lot(shown: Any, row: Row) -> Row:
    """The row as it would be if it were as shown."""
    said = {"id": UUID(shown["id"][4:]), "kind": shown["kind"], "priority": shown["priority"]}
    said |= {name: micro(shown[name]) for name in ("remaining", "held", "frozen")}
    return row | said | {"units": micro(shown["amount"])}


def _reservation(shown: Any, row: Row) -> Row:
    said = {"id": UUID(shown["id"][36:68]), "state": shown["status"]}
    amounts = ("amount", "committed", "uncollected", "reversed")
    return row | said | {name: micro(shown[name]) for name in amounts}
