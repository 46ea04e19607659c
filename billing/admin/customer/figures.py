"""What stands at the top: how much, for how long, worth what; and what is out of the ordinary."""

from collections import Counter
from typing import Final, NamedTuple

from django.utils.safestring import SafeString

from accounts.models import CustomerStatus
from billing.admin import shown as billing_shown
from billing.admin.customer.section import Looked, badge
from billing.models import Dispute, DisputeState
from billing.shares import part_of
from ledger import runway
from ledger.admin import shown
from ledger.models import Lot, Threshold

NOTHING_USED: Final = "Nothing was used in the last 30 days."


class Figure(NamedTuple):
    name: str
    value: str
    told: str = ""


def of(looked: Looked) -> list[Figure]:
    balance = looked.balance
    return [
        Figure("available", shown.number(balance.available)),
        Figure("held", shown.number(balance.held)),
        Figure("frozen", shown.number(balance.frozen)),
        Figure("total", shown.number(balance.total)),
        *_credit(looked),
        _lasts(looked),
        *_worth(looked),
    ]


def badges(looked: Looked) -> list[SafeString]:
    """What stops calls comes first."""
    customer, balance, wallet = looked.customer, looked.balance, looked.wallet
    told = [
        (customer.status != CustomerStatus.ACTIVE, customer.status, "bad"),
        (customer.keys_suspended_at is not None, "keys suspended: it owes a payment", "bad"),
        (wallet.version > 0 and balance.available <= 0, "nothing left", "bad"),
        (wallet.debt > 0, "owes credits", "bad"),
        (_is_disputed(looked), "disputed", "bad"),
        (balance.frozen > 0, "frozen", "warn"),
        (balance.available > 0 and _is_low(looked), "low", "warn"),
        (customer.sandbox_of_id is not None, "sandbox", ""),
    ]
    return [badge(text, tone) for is_so, text, tone in told if is_so]


def _credit(looked: Looked) -> list[Figure]:
    """Only where credit was given."""
    told = [("credit limit", looked.wallet.credit_limit), ("owed", looked.wallet.debt)]
    return [Figure(name, shown.number(amount)) for name, amount in told if amount]


def _lasts(looked: Looked) -> Figure:
    burn = runway.burn(looked.customer.id)
    if burn is None:
        return Figure("days left", "-", NOTHING_USED)
    days = max(looked.balance.available // burn.a_day, 0)
    pace = f"At {shown.number(burn.a_day)} credits a day, as since {burn.since:%Y-%m-%d}."
    return Figure("days left", f"{days:,}", pace)


def _worth(looked: Looked) -> list[Figure]:
    """What of the prices paid is not used yet, by currency."""
    open_lots = Lot.objects.filter(customer=looked.customer, open=True, price__gt=0)
    sums: Counter[str] = Counter()
    for currency, price, left, units in open_lots.values_list(
        "currency", "price", "remaining", "units"
    ):
        sums[currency or ""] += part_of(price, left, units)
    told = "Carrying value: what was paid, net of tax, for the credits that are left."
    return [
        Figure("worth", billing_shown.in_words(amount, currency), told)
        for currency, amount in sorted(sums.items())
    ]


def _is_disputed(looked: Looked) -> bool:
    return Dispute.objects.filter(
        payment__purchase__customer=looked.customer, state=DisputeState.OPEN
    ).exists()


def _is_low(looked: Looked) -> bool:
    return Threshold.objects.filter(
        customer=looked.customer, purpose="alert", crossed=True
    ).exists()
