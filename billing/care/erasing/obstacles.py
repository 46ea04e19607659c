"""What has to end before somebody's data can be erased."""

from accounts.models import HOUSE_ID, Customer, CustomerStatus
from billing.models import (
    Dispute,
    DisputeState,
    Erasure,
    Invoice,
    InvoiceState,
    Purchase,
    PurchaseState,
    Refund,
    RefundState,
    Subscription,
    SubscriptionState,
    UnclaimedProperty,
    UnclaimedState,
)
from ledger.models import Wallet


def obstacles(customer: Customer) -> list[str]:
    if customer.id == HOUSE_ID:
        return ["This is the provider's own book."]
    if customer.sandbox_of_id is not None:
        return ["This is a sandbox: it is erased with its customer."]
    if Erasure.objects.filter(customer=customer).exists():
        return ["Its personal data was erased before."]
    if customer.status != CustomerStatus.CLOSED:
        return ["Its account is not closed: close it first."]
    return list(filter(None, [_balance(customer), *_open(customer)]))


def _balance(customer: Customer) -> str:
    wallet = Wallet.objects.filter(customer=customer).first()
    if wallet is not None and (wallet.held or wallet.frozen or wallet.balance > 0):
        return "It has credits left: refund or forfeit them, and let open calls end."
    return ""


def _open(customer: Customer) -> list[str]:
    its = {"payment__purchase__customer": customer}
    waits = {
        "A payment is under way.": Purchase.objects.filter(
            customer=customer, state=PurchaseState.PENDING
        ),
        "A refund is under way.": Refund.objects.filter(state=RefundState.REQUESTED, **its),
        "A dispute is open.": Dispute.objects.filter(state=DisputeState.OPEN, **its),
        "A plan is running.": Subscription.objects.filter(
            customer=customer, state=SubscriptionState.ACTIVE
        ),
        "An invoice is due.": Invoice.objects.filter(customer=customer, state=InvoiceState.DUE),
        "A state is still to be paid what it claims: that needs its last address.": (
            UnclaimedProperty.objects.filter(customer=customer, state=UnclaimedState.HELD)
        ),
    }
    return [told for told, rows in waits.items() if rows.exists()]
