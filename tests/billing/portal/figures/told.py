"""What the API answers about one customer, and what its transfers come to."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection

from accounts import ids
from accounts.models import Customer
from ledger import selectors
from ledger.ids import LOT
from tests.accounts.conftest import Caller
from tests.billing.portal.figures.page import micro

Row = dict[str, Any]


class Told:
    """By the API, asked once for each thing. Amounts are micro-credits."""

    def __init__(self, caller: Caller, customer: Customer) -> None:
        self.customer = customer
        self._caller = caller
        self._path = f"/customers/{ids.encode('cus', customer.id)}"

    def get(self, what: str) -> Any:
        response = self._caller.get(f"{self._path}/{what}")
        assert response.status_code == 200, response.content
        return response.json()

    def all(self, what: str, **query: str) -> list[Row]:
        return list(self._pages(what, query))

    @cached_property
    def balance(self) -> dict[str, int]:
        said = self.get("balance")
        return {name: micro(said[name]) for name in ("available", "held", "frozen", "total")}

    @cached_property
    def expiring(self) -> list[int]:
        return [micro(one["amount"]) for one in self.get("balance")["expiring"]]

    @cached_property
    def lots(self) -> dict[str, Row]:
        """By their ids."""
        return {one["id"]: one for one in self.all("lots")}

    def lots_of(self, lot_ids: list[Any]) -> list[Row]:
        return [self.lots[ids.encode(LOT, one)] for one in lot_ids]

    @cached_property
    def calls(self) -> list[Row]:
        return self.all("calls")

    @cached_property
    def limits(self) -> list[Row]:
        return list(self.get("limits")["limits"])

    @cached_property
    def now(self) -> datetime:
        return selectors.now()

    def usage(self, *by: str, **asked: str) -> list[Row]:
        return self.all("usage", **asked, **({"group_by": ",".join(by)} if by else {}))

    def _pages(self, what: str, query: dict[str, str]) -> Iterator[Row]:
        cursor = None
        while True:
            asked = query | ({"cursor": cursor} if cursor else {})
            page = self.get(what + "?" + "&".join(f"{name}={asked[name]}" for name in asked))
            yield from page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return


class Books:
    """One customer's, from its transfers alone: the wallet is U20, what was used U30."""

    def __init__(self, customer: Customer) -> None:
        self._id = customer.id

    def total(self) -> int:
        """All that is there, held and frozen included."""
        return self._sum("U20")

    def used(self) -> int:
        return self._sum("U30")

    def of_lots(self) -> dict[str, int]:
        """What the transfers have left of each."""
        rows = self._rows(
            "select lot_id, sum(case when credit = 'U20' then amount else -amount end)"
            " from ledger_transfer where customer_id = %s and unit = 'CR' and lot_id is not null"
            " and 'U20' in (debit, credit) group by 1"
        )
        return {ids.encode(LOT, lot): int(left) for lot, left in rows}

    def _sum(self, account: str) -> int:
        ((amount,),) = self._rows(
            "select coalesce(sum(case when credit = %s then amount else -amount end), 0)"
            " from ledger_transfer where unit = 'CR' and %s in (debit, credit)"
            " and customer_id = %s",
            account,
            account,
        )
        return int(amount)

    def _rows(self, query: str, *parameters: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(query, [*parameters, self._id])
            return cursor.fetchall()
