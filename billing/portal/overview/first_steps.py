"""What a newcomer does next."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from django.db.models import QuerySet

from accounts.models import ApiKey, Customer
from accounts.permissions import Right
from billing.models import Purchase, PurchaseState
from ledger.models import Lot, LotKind, Reservation

BUY: Final = "/portal/buy/"


class Step(NamedTuple):
    """What a newcomer does next. Without an address, it is not done on a page."""

    title: str
    text: str
    done: bool
    href: str = ""
    action: str = ""


def steps(customer: Customer, rights: Iterable[Right]) -> list[Step]:
    """Those that this member may do; none where all of them are done."""
    keys = ApiKey.objects.filter(customer=customer)
    made = keys.exists()
    used = made and _has_called(customer, keys)
    bought = _has_bought(customer)
    possible = {
        Right.KEYS: [
            Step("Create a key", "Your programs call with it.", made, "/portal/keys/", "Keys"),
            Step(
                "Make your first call",
                "Lines to copy, in six languages, with your own key.",
                used,
                "/portal/start/",
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


def _has_called(customer: Customer, keys: "QuerySet[ApiKey]") -> bool:
    """That a key was used is noted a little later than its calls are."""
    if keys.filter(last_used_at__isnull=False).exists():
        return True
    return Reservation.objects.filter(customer_id=customer.id).exists()


def _has_bought(customer: Customer) -> bool:
    """Here, or in another way, of which a service told the ledger."""
    bought = Purchase.objects.filter(customer=customer, state=PurchaseState.PAID).exists()
    return bought or Lot.objects.filter(customer=customer, kind=LotKind.PAID).exists()


def is_to_buy(steps: Iterable[Step]) -> bool:
    return any(step.href == BUY and not step.done for step in steps)
