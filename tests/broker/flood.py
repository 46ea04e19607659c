"""Customers whose balances cross their thresholds again and again."""

import json

from tests.broker.background import Background
from tests.broker.database import Database

CREDIT = 1_000_000
# Each has 100 credits, is told below 50, and has an address and an endpoint of its own.
MAKE = """
from accounts import services as accounts
from accounts.ids import uuid7
from billing import alerts
from billing.webhooks_out import endpoints
from ledger import services
for n in range({customers}):
    customer = accounts.create_customer(name=f"Customer {{n}}", email=f"owner{{n}}@example.com")
    alerts.settings_of(customer.id).thresholds.all().delete()
    alerts.configure(
        customer.id, enabled=True, by_email=True, extra_recipients=[], cool_down_hours=0
    )
    alerts.add(customer.id, basis="credits", value=50 * 10**6)
    endpoints.add(uuid7(), customer=customer, url="{url}/" + str(n))
    services.grant(customer.id, amount=100 * 10**6, kind="promo")
    print(customer.id)
"""
TOLD = """
select id::text from ledger_event where kind = any(%s) and customer_id = any(%s::uuid[])
"""


class Flood:
    def __init__(
        self, database: Database, background: Background, customers: int, url: str
    ) -> None:
        self._database = database
        made = background.manage_and_read(
            "shell", "--verbosity=0", "--command", MAKE.format(customers=customers, url=url)
        )
        self._customers = made.split()

    def cross(self) -> None:
        """Each of them once, and back; every answer is that it was done."""
        self._apply("debit", {})
        self._apply("grant", {"detail": {"kind": "promo"}})

    def told(self, *kinds: str) -> set[str]:
        """The ids of all that customers are to be told."""
        return {id for (id,) in self._database.rows(TOLD, [list(kinds), self._customers])}

    def _apply(self, op: str, more: dict[str, object]) -> None:
        asked = [
            {"op": op, "customer_id": customer, "amount": 60 * CREDIT, **more}
            for customer in self._customers
        ]
        with self._database.connect() as connection:
            sql = "select code from ledger_apply(%s::json, true)"
            answers = connection.execute(sql, [json.dumps(asked)]).fetchall()
            assert {code for (code,) in answers} == {"ok"}
        with self._database.connect() as connection:
            connection.execute("notify ledger_outbox")
