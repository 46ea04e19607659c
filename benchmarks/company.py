"""The demo company, with many customers who never run dry, and some who are. Some are watched, all
alerts armed, and some have a spend cap. Django has to be set up."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from accounts.ids import uuid7
from accounts.models import Customer
from config.demo import company as demo
from ledger import limits, services, wallets
from ledger.limits import Limit
from ledger.operations import Operation
from ledger.wallets import Watched

CUSTOMERS = 10_000
# Beside them, and so many of each that they seldom meet.
OF_A_KIND = 1_000
ARMED = range(CUSTOMERS, CUSTOMERS + OF_A_KIND)
CAPPED = range(ARMED.stop, ARMED.stop + OF_A_KIND)
KEYED = range(CAPPED.stop, CAPPED.stop + OF_A_KIND)
BROKE = range(KEYED.stop, KEYED.stop + OF_A_KIND)
HALF_BROKE = range(KEYED.start, BROKE.stop)
LOTS = 3
LOT_CREDITS = 1_000_000_000
MICRO = 1_000_000
AT_ONCE = 500
# Far from reached.
A_DAY = Limit("customer", "spend", period="day", hard=LOT_CREDITS * MICRO)
A_KEY = Limit("key", "spend", period="month", hard=LOT_CREDITS * MICRO)


@dataclass(frozen=True)
class Company:
    service_key: str
    customers: list[UUID]


def open_company() -> Company:
    call_command("migrate", verbosity=0)
    service_key = demo.load(settings.STATE, "", history=timedelta(0))["service_key"]
    customers = [Customer(id=uuid7(), name=f"Customer {n}") for n in range(1, BROKE.stop + 1)]
    Customer.objects.bulk_create(customers)
    ids = [customer.id for customer in customers]
    for start in range(0, BROKE.start, AT_ONCE):
        _grant(ids[start : min(start + AT_ONCE, BROKE.start)])
    for number in ARMED:
        _arm(ids[number])
    for number in CAPPED:
        limits.set_limits(ids[number], "provider", [A_DAY])
    for number in KEYED:
        limits.set_limits(ids[number], "provider", [A_KEY])
    _run_dry(ids[BROKE.start : BROKE.stop])
    connections.close_all()
    return Company(service_key, ids)


def _grant(customers: list[UUID]) -> None:
    amount = LOT_CREDITS * MICRO
    grants = [
        Operation(op="grant", customer_id=id, amount=amount, detail={"kind": "promo"})
        for id in customers
        for _ in range(LOTS)
    ]
    refused = [result for result in services.apply(grants) if not result.ok]
    assert not refused, refused[0]


def _run_dry(customers: list[UUID]) -> None:
    """They have been told that they have nothing, so that it is not each one's first time."""
    asked = [
        Operation(op="reserve", customer_id=id, amount=MICRO, expires_in=900) for id in customers
    ]
    codes = {result.code for result in services.apply(asked)}
    assert codes == {"insufficient-credits"}, codes


def _arm(customer: UUID) -> None:
    """Credits, days left and an automatic top-up, near enough to matter and never reached."""
    low = LOT_CREDITS * MICRO
    alerts = [Watched(uuid4(), "credits", low), Watched(uuid4(), "days", 7, level=low // 2)]
    wallets.watch(customer, purpose="alert", thresholds=alerts)
    top_up = [Watched(uuid4(), "credits", low // 4)]
    wallets.watch(customer, purpose="top_up", thresholds=top_up)
