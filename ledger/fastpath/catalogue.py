"""The rate card in force, and every price that was asked for, in memory.

A published price is immutable, so that one read by its id stays good; an endpoint's policy may
change, and with it `changed_at` of its cards.
"""

from typing import Any, Final

import psycopg

from ledger.fastpath.database import Line
from ledger.fastpath.refusals import Unavailable
from ledger.pricing import Price, RateCard

_STATE: Final = """
select
    (select id from ledger_ratecard
     where published_at is not null and effective_at <= ledger_now()
     order by effective_at desc, id desc limit 1),
    (select sum(extract(epoch from changed_at)) from ledger_ratecard)
"""

_PRICES: Final = """
select p.id, c.name, p.per_call, p.quantity_name, p.per_quantity, p.quantity_size,
    e.code, e.method, e.path_template, e.bills_client_errors
from ledger_price p join ledger_ratecard c on c.id = p.rate_card_id
    join ledger_endpoint e on e.id = p.endpoint_id
"""
_PRICES_OF_CARD: Final = f"{_PRICES} where c.id = %s"
_PRICE_BY_ID: Final = f"{_PRICES} where p.id = %s and c.published_at is not null"


class Catalogue:
    def __init__(self, reads: Line) -> None:
        self._reads = reads
        self._state: tuple[Any, ...] | None = None
        self._prices: dict[int, Price] = {}
        self.card = RateCard()

    async def refresh(self, polls: Line) -> None:
        """Raises psycopg.Error."""
        (state,) = await polls.rows(_STATE)
        if state == self._state:
            return
        prices = [Price(*row) for row in await polls.rows(_PRICES_OF_CARD, [state[0]])]
        self._prices = {price.id: price for price in prices}
        self.card = RateCard(prices)
        self._state = state

    async def price(self, id: int) -> Price | None:
        """The price with this id, of whatever card. Raises Unavailable."""
        return self._prices.get(id) or await self._read(id)

    async def _read(self, id: int) -> Price | None:
        try:
            rows = await self._reads.rows(_PRICE_BY_ID, [id])
        except psycopg.Error as error:
            raise Unavailable from error
        if not rows:
            return None
        price = self._prices[id] = Price(*rows[0])
        return price
