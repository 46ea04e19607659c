"""A refund that we ask for: the credits are taken first, then the provider is asked for money."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from billing import events, providers, refunded, shares, swept
from billing.errors import (
    FeeTooLarge,
    NothingToRefund,
    ProviderDeclined,
    ProviderFailed,
    RefundTooLarge,
    RefundWindowOver,
)
from billing.models import Payment, Purchase, PurchaseState, Refund, RefundState
from billing.patience import retrying
from billing.returns import Split
from billing.shares import Share, part_of
from ledger import selectors


class Quote(NamedTuple):
    """What would be refunded: micro-credits, and minor units of the purchase's currency."""

    credits: int
    net: int
    tax: int
    fee_kept: int = 0

    @property
    def amount(self) -> int:
        return self.net + self.tax

    @property
    def paid_back(self) -> int:
        return self.amount - self.fee_kept


def refundable_until(purchase: Purchase) -> datetime | None:
    """Until when the customer may ask; None before it is paid."""
    if purchase.paid_at is None:
        return None
    return purchase.paid_at + timedelta(days=settings.REFUND_DAYS)


def quote(purchase: Purchase, credits: int | None = None, *, fee_kept: int = 0) -> Quote:
    """Of so many of its unused credits, or of all. Raises NothingToRefund, RefundTooLarge,
    FeeTooLarge."""
    with transaction.atomic():
        payment = _payment(purchase)
        taken, split = _reckon(payment, credits, fee_kept)
    return Quote(sum(share.credits for share in taken), split.net, split.tax, fee_kept)


def request(
    purchase: Purchase,
    credits: int | None = None,
    *,
    by: User | None,
    reason: str,
    as_staff: bool = False,
    fee_kept: int = 0,
    key: UUID | None = None,
) -> Refund:
    """Refund so many unused micro-credits of a purchase, or all. A customer may until
    `refundable_until`, staff at any time, who may also keep a fee of it, in minor units and net of
    tax (E10c). Under one `key` it is one refund, however often its form is sent.

    Raises NothingToRefund, RefundWindowOver, RefundTooLarge, FeeTooLarge; ValueError for a fee
    that is not staff's. Where the provider does not answer, the refund stays requested, and the
    hourly reconciliation asks again.
    """
    if fee_kept and not as_staff:
        raise ValueError("Staff may keep a fee, nobody else.")
    until = refundable_until(purchase)
    if not as_staff and until is not None and selectors.now() > until:
        raise RefundWindowOver
    providers.get(purchase.provider)
    refund = enter(purchase, credits, fee_kept=fee_kept, by=by, reason=reason, key=key)
    with suppress(ProviderFailed):
        send(refund)
    refund.refresh_from_db()
    return refund


def send(refund: Refund) -> None:
    """Asked again, it is the same refund at the provider. Raises ProviderFailed."""
    payment = refund.payment
    if refund.state != RefundState.REQUESTED or refund.provider_ref is not None:
        return
    try:
        fact = providers.get(refund.provider).refund(
            payment_ref=payment.provider_ref,
            amount=refund.told,
            currency=payment.purchase.currency,
            our_refund=refund.name,
        )
    except ProviderDeclined as declined:
        _decline(refund, declined.detail)
    else:
        events.enter(refund.provider, fact)


def requested(provider: str) -> QuerySet[Refund]:
    """Those whose money has not left yet, the oldest first."""
    found = Refund.objects.filter(provider=provider, state=RefundState.REQUESTED)
    return found.select_related("payment__purchase").order_by("created_at")


def unsent(provider: str) -> QuerySet[Refund]:
    """Those that the provider was not asked for yet, or did not answer to."""
    return requested(provider).filter(provider_ref=None)


@retrying
def enter(
    purchase: Purchase,
    credits: int | None = None,
    *,
    fee_kept: int = 0,
    by: User | None,
    reason: str,
    key: UUID | None,
) -> Refund:
    """The credits are taken and the money is owed; nobody is asked for it yet (`send`). Raises
    NothingToRefund, RefundTooLarge, FeeTooLarge."""
    with transaction.atomic():
        payment = _payment(purchase)
        known = Refund.objects.filter(id=key).first() if key else None
        if known is not None and known.payment_id != payment.pk:
            raise NothingToRefund
        if known is not None:
            return known
        taken, split = _reckon(payment, credits, fee_kept)
        return refunded.enter(
            payment,
            id=key,
            split=split,
            taken=taken,
            told=split.net + split.tax - fee_kept,
            fee_kept=fee_kept,
            made_by=by,
            reason=reason,
        )


@retrying
def _decline(refund: Refund, reason: str) -> None:
    """The provider will not."""
    with transaction.atomic():
        payment = _payment(refund.payment.purchase)
        left = payment.refunds.filter(id=refund.id, state=RefundState.REQUESTED, provider_ref=None)
        for one in left:
            refunded.undo(one, reason)
        swept.sweep(payment)


def _payment(purchase: Purchase) -> Payment:
    """Locked. Raises NothingToRefund."""
    payment = (
        Payment.objects.select_related("purchase")
        .select_for_update(of=("self",))
        .filter(purchase=purchase, purchase__state=PurchaseState.PAID)
        .first()
    )
    if payment is None:
        raise NothingToRefund
    return payment


def _reckon(payment: Payment, credits: int | None, fee_kept: int) -> tuple[list[Share], Split]:
    holding = shares.locked(payment)
    if credits is not None and not 0 < credits <= holding.free:
        raise RefundTooLarge if holding.free else NothingToRefund
    taken = shares.take(holding, holding.free if credits is None else credits)
    split = _split(payment, sum(share.net for share in taken))
    if split.net <= 0:
        raise NothingToRefund
    if split.net + split.tax > payment.left:
        raise RefundTooLarge
    # Tax is never revenue (R9), and no provider can be asked to pay nothing back.
    if fee_kept and not 0 < fee_kept <= min(split.net, split.net + split.tax - 1):
        raise FeeTooLarge
    return taken, split


def _split(payment: Payment, net: int) -> Split:
    """The credits' carrying value, and the tax that goes with all the net that went back so far."""
    net_before = payment.reversed - payment.tax_returned
    tax = part_of(payment.tax, net_before + net, payment.amount - payment.tax)
    return Split(net, min(max(tax - payment.tax_returned, 0), payment.tax - payment.tax_returned))
