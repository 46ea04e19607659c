"""What the overview tells of a customer's credits."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import DateTimeField, Func

from accounts.models import ApiKey, Customer
from accounts.permissions import Right
from billing.alerts.wording import threshold_in_words
from billing.models import Purchase, PurchaseState
from billing.portal import shown
from ledger import runway, selectors
from ledger.models import Lot, Threshold, Wallet

SOON: Final = timedelta(days=14)
LOTS_SHOWN: Final = 8
BUY: Final = "/portal/buy/"


class Expiring(NamedTuple):
    """Free credits of a lot, and when they will be gone."""

    kind: str
    origin: str
    credits: str
    expires_at: datetime
    is_soon: bool
    noticed_at: datetime | None


class Figures(NamedTuple):
    """`state` is equal as long as nothing of this has changed."""

    state: str
    available: str
    held: str
    frozen: str
    is_out: bool
    low: str
    runway_days: int | None
    expiring: list[Expiring]
    more_expiring: int


class Step(NamedTuple):
    """What a newcomer does next. Without an address, it is not done on a page."""

    title: str
    text: str
    done: bool
    href: str = ""
    action: str = ""


class _LedgerNow(Func):
    function = "ledger_now"
    template = "%(function)s()"
    output_field = DateTimeField()


def figures(customer_id: UUID) -> Figures:
    """As of this second."""
    balance = selectors.balance(customer_id)
    lots, now = selectors.expiring_lots(customer_id), selectors.now()
    return Figures(
        state=_state(customer_id),
        available=shown.credits(balance.available),
        held=shown.credits(balance.held),
        frozen=shown.credits(balance.frozen) if balance.frozen else "",
        is_out=balance.available <= 0,
        low=_low(customer_id),
        runway_days=runway.days(customer_id, available=balance.available),
        expiring=[_expiring(lot, now) for lot in lots[:LOTS_SHOWN]],
        more_expiring=len(lots[LOTS_SHOWN:]),
    )


def is_unchanged(customer_id: UUID, state: str) -> bool:
    """Since figures with this state were shown; nothing became due either."""
    not_due = Wallet.objects.filter(customer_id=customer_id).exclude(due_at__lte=_LedgerNow())
    return any(_of(row) == state for row in not_due.values_list(*_STATE))


def steps(customer: Customer, rights: Iterable[Right]) -> list[Step]:
    """Those that this member may do; none where all of them are done."""
    keys = ApiKey.objects.filter(customer=customer)
    made, used = keys.exists(), keys.filter(last_used_at__isnull=False).exists()
    bought = Purchase.objects.filter(customer=customer, state=PurchaseState.PAID).exists()
    possible = {
        Right.KEYS: [
            Step("Create a key", "Your programs call with it.", made, "/portal/keys/", "Keys"),
            Step(
                "Make your first call",
                "Ask for your balance: the line for it is beside your keys.",
                used,
                "/portal/keys/#call",
                "First call",
            ),
        ],
        Right.BUY: [
            Step(
                "Buy credits",
                "There from the second they are paid.",
                bought,
                "/portal/buy/",
                "Packs",
            )
        ],
    }
    found = [step for right, some in possible.items() if right in rights for step in some]
    return [] if all(step.done for step in found) else found


def is_to_buy(steps: Iterable[Step]) -> bool:
    return any(step.href == BUY and not step.done for step in steps)


def _low(customer_id: UUID) -> str:
    """The lowest threshold that the balance has fallen to, in words."""
    crossed = Threshold.objects.filter(customer_id=customer_id, purpose="alert", crossed=True)
    lowest = crossed.order_by("level").first()
    return threshold_in_words(lowest.basis, lowest.value) if lowest else ""


_STATE: Final = ("version", "balance", "held", "frozen")


def _state(customer_id: UUID) -> str:
    rows = Wallet.objects.filter(customer_id=customer_id).values_list(*_STATE)
    return next((_of(row) for row in rows), "")


def _of(row: tuple[int, ...]) -> str:
    return ".".join(map(str, row))


def _expiring(lot: Lot, now: datetime) -> Expiring:
    assert lot.expires_at
    return Expiring(
        kind=shown.LOT_KINDS.get(lot.kind, lot.kind),
        origin=lot.reason or "",
        credits=shown.credits(lot.remaining - lot.held - lot.frozen),
        expires_at=lot.expires_at,
        is_soon=lot.expires_at - now <= SOON,
        noticed_at=lot.noticed_at,
    )
