"""What is left of an account is given back or given up, in one database transaction; a preview is
the same, rolled back. Whoever calls holds the closing's lock.

Locks come in one order: the plan, payments, the wallet.
"""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import services as accounts_services
from accounts.models import ApiKey, Customer, User
from billing import providers, refunds
from billing.books import escheat, lots
from billing.care import effects
from billing.care.effects import Back, Effect, GivenUp
from billing.errors import BillingError
from billing.models import (
    AccountClosing,
    Closing,
    Payment,
    Purchase,
    PurchaseState,
    Refund,
    RefundState,
    Subscription,
    SubscriptionState,
    TopUpSettings,
)
from billing.plans import turning
from billing.top_up import agreeing
from ledger import services, wallets
from ledger.models import Lot, Wallet

REASON: Final = "Account closed"


class _Seen(Exception):
    def __init__(self, effect: Effect) -> None:
        self.effect = effect


def preview(closing: AccountClosing, by: User) -> Effect:
    """What it would come to now: nothing is written, and nobody is told."""
    try:
        with transaction.atomic():
            raise _Seen(settle(closing, by))
    except _Seen as seen:
        return seen.effect


def settle(closing: AccountClosing, by: User) -> Effect:
    """Raises what refunds and the ledger refuse."""
    customer, number = closing.customer, closing.round + 1
    subscription = _locked_plan(customer)
    payments = _locked_payments(customer)
    keys = _keys(customer)
    top_up = TopUpSettings.objects.filter(customer=customer, enabled=True).first()
    if subscription is not None:
        turning.end(subscription, [])
    left = services.refresh(customer.pk)
    before = Wallet.objects.get(customer=customer).version
    backs, kept = _give_back(closing, payments, number, by)
    given_up = list(_give_up(closing, number, by))
    wallets.set_credit_limit(customer.pk, limit=0)
    found = effects.entries(customer.pk, after=before)
    if top_up is not None:
        agreeing.end(top_up)
    for key in keys:
        accounts_services.revoke_key(key)
    accounts_services.close_customer(customer)
    return Effect(
        left=(left.available or 0) + (left.held or 0) + (left.frozen or 0),
        backs=backs,
        kept=kept,
        given_up=given_up,
        seen=[payment.pk for payment in payments],
        entries=found,
        keys=len(keys),
        top_up=top_up is not None,
        plan=str(subscription.plan) if subscription else "",
        pages=open_pages(customer).count(),
    )


def open_pages(customer: Customer) -> QuerySet[Purchase]:
    """Where somebody could pay still."""
    made = Purchase.objects.filter(customer=customer, provider_ref__isnull=False)
    states = (PurchaseState.PENDING, PurchaseState.CANCELLED)
    return made.filter(state__in=states, expires_at__gt=timezone.now())


def refund_key(closing: AccountClosing, purchase_id: UUID, number: int) -> UUID:
    """Of the refund that a round asks for: asked again, it is the same."""
    return uuid5(closing.pk, f"{purchase_id} {number}")


def is_late(closing: AccountClosing, payment: Payment) -> bool:
    """It came after somebody decided what becomes of what is left: nobody decided about this."""
    return payment.paid_at > closing.asked_at


def _give_back(
    closing: AccountClosing, payments: Sequence[Payment], number: int, by: User
) -> tuple[list[Back], list[tuple[UUID, str]]]:
    backs, kept = [], []
    for payment in payments:
        late = is_late(closing, payment)
        if not (late or closing.policy == Closing.REFUND) or not has_credits(payment):
            continue
        why = _why_not(closing, payment)
        if not why:
            try:
                backs.append(_refund(closing, payment, number, by, late=late))
                continue
            except BillingError as refusal:
                why = refusal.detail
        kept.append((payment.pk, why))
    return backs, kept


def has_credits(payment: Payment) -> bool:
    lots = Lot.objects.filter(customer_id=payment.purchase.customer_id, id__in=payment.lots)
    return lots.filter(remaining__gt=0).exists()


def _why_not(closing: AccountClosing, payment: Payment) -> str:
    try:
        providers.get(payment.provider)
    except BillingError:
        return "Its payment provider is not set up here any more."
    declined = Refund.objects.filter(
        id__in=closing.refunds, payment=payment, state=RefundState.FAILED
    )
    reason = declined.order_by("-created_at").values_list("reason", flat=True).first()
    return f"The provider declined: {reason}" if reason is not None else ""


def _refund(
    closing: AccountClosing, payment: Payment, number: int, by: User, *, late: bool
) -> Back:
    """All that is unused of it. Raises NothingToRefund, RefundTooLarge."""
    key = refund_key(closing, payment.pk, number)
    refund = refunds.enter(payment.purchase, by=by, reason=REASON, key=key)
    return Back(
        purchase=payment.pk,
        provider=payment.provider,
        credits=refund.credits,
        net=refund.net,
        tax=refund.tax,
        currency=payment.purchase.currency,
        is_late=late,
    )


def _give_up(closing: AccountClosing, number: int, by: User) -> Iterator[GivenUp]:
    """Whatever is left of each lot. Breakage is never what a state may claim (R10)."""
    customer_id = closing.customer_id
    open_ones = Lot.objects.filter(customer_id=customer_id, open=True, remaining__gt=0)
    for lot in open_ones.order_by("seq"):
        key = f"closing {closing.pk} {lot.pk} {number}"
        version = Wallet.objects.get(customer_id=customer_id).version
        to_the_state = bool(lot.escheat_class and lot.price)
        if to_the_state:
            escheat.escheat(customer_id, lot.pk, lot.remaining, reason=REASON, by=by, key=key)
        else:
            lots.forfeit(customer_id, lot.remaining, lot_id=lot.pk, reason=REASON, by=by, key=key)
        posted = effects.entries(customer_id, after=version)
        deferred = sum(one.amount for one in posted if one.debit == "2100")
        yield GivenUp(
            lot.pk, lot.kind, lot.remaining, deferred, lot.currency, is_the_states=to_the_state
        )


def _locked_plan(customer: Customer) -> Subscription | None:
    active = Subscription.objects.filter(customer=customer, state=SubscriptionState.ACTIVE)
    id = active.values_list("id", flat=True).first()
    return turning.locked(id) if id else None


def _locked_payments(customer: Customer) -> list[Payment]:
    found = Payment.objects.filter(purchase__customer=customer).select_related("purchase")
    return list(found.select_for_update(of=("self",)).order_by("paid_at", "pk"))


def _keys(customer: Customer) -> list[ApiKey]:
    """Of its sandbox too."""
    whose = Q(customer=customer) | Q(customer__sandbox_of=customer)
    valid = ApiKey.objects.filter(whose, revoked_at=None, replaced_by=None)
    return list(valid.order_by("pk"))
