"""What a customer's month has had of what its prices depend on."""

from uuid import UUID

import msgspec
from django.db import connection

from ledger.prices.pricing import CALLS, Charge, Price, billionths, in_text

_SO_FAR = """
select t.quantities from ledger_tally t join accounts_customer c on c.id = t.customer_id
where t.customer_id = %(customer)s and t.endpoint_id = %(endpoint)s
    and t.month = date_trunc('month', ledger_now() at time zone c.time_zone)::date
"""


class Month:
    """The present one, read as calls come to ask about it. Calls can be counted on top of it."""

    def __init__(self, customer_id: UUID | None) -> None:
        self._customer_id = customer_id
        self._so_far: dict[int, dict[str, str]] = {}

    def so_far(self, price: Price) -> dict[str, str]:
        if not price.depends_on_month:
            return {}
        if price.endpoint_id not in self._so_far:
            self._so_far[price.endpoint_id] = self._read(price.endpoint_id)
        return self._so_far[price.endpoint_id]

    def count(self, price: Price, charge: Charge, calls: int = 1) -> None:
        """So many of these, each with the quantities of the charge."""
        if not price.depends_on_month:
            return
        so_far = self.so_far(price)
        for name, quantity in ((charge.quantities or {}) | {CALLS: "1"}).items():
            counted = billionths(so_far.get(name, "0")) + calls * billionths(quantity)
            so_far[name] = in_text(counted)

    def _read(self, endpoint_id: int) -> dict[str, str]:
        if self._customer_id is None:
            return {}
        with connection.cursor() as cursor:
            cursor.execute(_SO_FAR, {"customer": self._customer_id, "endpoint": endpoint_id})
            found = cursor.fetchone()
        return msgspec.json.decode(found[0], type=dict[str, str]) if found else {}
