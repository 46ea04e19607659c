"""What must be over before an account is closed: nothing that is undecided is decided by that."""

from collections.abc import Iterator

from accounts.models import Customer
from billing import shown
from billing.models import (
    Dispute,
    DisputeState,
    Invoice,
    InvoiceState,
    Subscription,
    SubscriptionState,
)
from billing.plans import lines
from ledger import services
from ledger.models import Reservation, ReservationState, Wallet


def found(customer: Customer) -> list[str]:
    """In sentences that say what to do. Locks the wallet where there is a transaction."""
    services.refresh(customer.pk)
    return [text for look in _LOOKED for text in look(customer)]


def _holds(customer: Customer) -> Iterator[str]:
    held = Reservation.objects.filter(customer=customer, state=ReservationState.HELD)
    number = held.count()
    if number:
        last = held.order_by("-reserved_until").values_list("reserved_until", flat=True)[0]
        what = "1 hold is open" if number == 1 else f"{number} holds are open"
        yield (
            f"{what}: calls are under way. Suspend the customer, so that there are no new ones;"
            f" these end when they are settled, or by themselves by {last:%Y-%m-%d %H:%M} UTC."
        )


def _disputes(customer: Customer) -> Iterator[str]:
    open_ones = Dispute.objects.filter(
        payment__purchase__customer=customer, state=DisputeState.OPEN
    )
    for dispute in open_ones.select_related("payment__purchase").order_by("opened_at"):
        name = dispute.payment.purchase.name
        yield f"The payment of {name} is disputed. Wait until the bank has decided."


def _invoices(customer: Customer) -> Iterator[str]:
    unpaid = Invoice.objects.filter(customer=customer).exclude(state=InvoiceState.PAID)
    for invoice in unpaid.order_by("issued_at"):
        total = shown.money(invoice.total, invoice.currency)
        yield f"The invoice {invoice.name} of {total} is not paid. Have it paid first."


def _debt(customer: Customer) -> Iterator[str]:
    wallet = Wallet.objects.filter(customer=customer).first()
    owed = max(wallet.debt, -wallet.balance) if wallet else 0
    if owed > 0:
        yield (
            f"{shown.credits(owed)} credits are owed. Invoice them by the plan, or give them as"
            " goodwill, first."
        )


def _plan(customer: Customer) -> Iterator[str]:
    running = Subscription.objects.filter(customer=customer, state=SubscriptionState.ACTIVE)
    for subscription in running.select_related("plan", "customer"):
        owed = sum(line.net for line in lines.closing(subscription))
        if owed:
            amount = shown.money(owed, subscription.plan.currency)
            yield (
                f"The plan {subscription.plan} would leave {amount} owed. End it first, and have"
                " its last invoice paid."
            )


_LOOKED = (_holds, _disputes, _invoices, _debt, _plan)
