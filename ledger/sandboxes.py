"""What is done in a sandbox: a test wallet's credits, its limits and its clock."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from accounts import sandboxes
from accounts.errors import SandboxOnly
from accounts.models import Customer
from ledger import limits, services, wallets
from ledger.amounts import CREDIT
from ledger.limits import Limit
from ledger.operations import Result

REFILL_MAX: Final = 10**9 * CREDIT
# Further than a year ahead nothing is to be tried, and there are no tables for it.
MOVE_MAX: Final = timedelta(days=366)
REASON: Final = "Refill of the sandbox"

_US_PER_SECOND: Final = 1_000_000
_MOVED: Final = """
select ledger_now() + coalesce(clock_shift, '0'), coalesce(clock_shift, '0')
from ledger_wallet where customer_id = %s
"""


@transaction.atomic
def opened(customer: Customer) -> Customer:
    """A customer's, made with its limits when it is first asked for."""
    known = sandboxes.of(customer)
    sandbox = known or sandboxes.opened(customer)
    if known is None:
        limits.set_limits(sandbox.id, "provider", lower_limits())
    return sandbox


def lower_limits() -> list[Limit]:
    """Nobody measures here how fast the service is, and no test holds up those who pay."""
    calls = settings.SANDBOX_CALLS_PER_SECOND
    return [Limit("customer", "rate", every=_US_PER_SECOND // calls, burst=calls)]


def refill(sandbox: Customer, amount: int | None = None, *, actor: str | None = None) -> Result:
    """Grant test credits, in micro-credits, and else as many as the setting says. Raises
    SandboxOnly."""
    _require_sandbox(sandbox)
    return services.grant(
        sandbox.id,
        amount=usual_refill() if amount is None else amount,
        kind="promo",
        reason=REASON,
        actor=actor,
    )


def usual_refill() -> int:
    return int(settings.SANDBOX_CREDITS) * CREDIT


def move_clock(sandbox: Customer, by: timedelta) -> datetime:
    """Forwards only: what expires by then expires. What its clock says then. Raises SandboxOnly."""
    _require_sandbox(sandbox)
    services.refresh(sandbox.id)
    with transaction.atomic():
        if _clock(sandbox)[1] + by > MOVE_MAX:
            raise SandboxOnly("A clock is moved by a year at most, all in all.")
        wallets.move_clock(sandbox.id, by=by)
    return clock(sandbox)


def clock(sandbox: Customer) -> datetime:
    """What time it is there."""
    return _clock(sandbox)[0]


def _clock(sandbox: Customer) -> tuple[datetime, timedelta]:
    services.refresh(sandbox.id)
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, [sandbox.id])
        now, moved = cursor.fetchall()[0]
    return now, moved


def _require_sandbox(customer: Customer) -> None:
    if customer.sandbox_of_id is None:
        raise SandboxOnly
