"""A refund that we ask for: the credits are taken first, then the provider is asked for money."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from billing import providers, refunded, shares
from billing.applying import apply_fact, retrying
from billing.errors import (
    NothingToRefund,
    ProviderDeclined,
    ProviderFailed,
    RefundChanged,
    RefundTooLarge,
    RefundWindowOver,
)
from billing.facts import Refunded
from billing.models import Payment, Purchase, PurchaseState, Refund, RefundState
from billing.returns import Split
from billing.shares import Share, part_of


class Quote(NamedTuple):
    """What would be refunded: micro-credits, and minor units of the purchase's currency."""

    credits: int
    net: int
    tax: int

    @property
    def amount(self) -> int:
        return self.net + self.tax


def refundable_until(purchase: Purchase) -> datetime | None:
    """Until when the customer may ask; None before it is paid."""
    if purchase.paid_at is None:
        return None
    return purchase.paid_at + timedelta(days=settings.REFUND_DAYS)


def quote(purchase: Purchase, credits: int | None = None) -> Quote:
    """Of so many of its unused credits, or of all. Raises NothingToRefund, RefundTooLarge."""
    with transaction.atomic():
        payment = _payment(purchase)
        taken, split = _reckon(payment, credits)
    return Quote(sum(share.credits for share in taken), split.net, split.tax)


def request(
    purchase: Purchase,
    credits: int | None = None,
    *,
    by: User | None,
    reason: str,
    as_staff: bool = False,
    returned: int | None = None,
) -> Refund:
    """Refund so many unused micro-credits of a purchase, or all. A customer may until
    `refundable_until`, staff at any time. `returned` is the payment's running total as whoever
    asks has seen it: a form that is sent twice refunds once.

    Raises NothingToRefund, RefundWindowOver, RefundTooLarge, RefundChanged. Where the provider
    does not answer, the refund stays requested, and the hourly reconciliation asks again.
    """
    until = refundable_until(purchase)
    if not as_staff and until is not None and timezone.now() > until:
        raise RefundWindowOver
    refund = _enter(purchase, credits, by, reason, returned)
    with suppress(ProviderFailed):
        send(refund)
    refund.refresh_from_db()
    return refund


def send(refund: Refund) -> None:
    """Asked again, it is the same refund at the provider. Raises ProviderFailed."""
    payment = refund.payment
    try:
        fact = providers.get(refund.provider).refund(
            payment_ref=payment.provider_ref,
            amount=refund.told,
            currency=payment.purchase.currency,
            our_refund=refund.name,
        )
    except ProviderDeclined as declined:
        fact = Refunded(
            payment.provider_ref,
            f"declined_{refund.name}",
            refund.told,
            payment.purchase.currency,
            "failed",
            refund.name,
            declined.detail,
        )
    apply_fact(refund.provider, fact)


def unsent() -> list[Refund]:
    return list(
        Refund.objects.filter(state=RefundState.REQUESTED)
        .select_related("payment__purchase")
        .order_by("created_at")
    )


@retrying
def _enter(
    purchase: Purchase, credits: int | None, by: User | None, reason: str, returned: int | None
) -> Refund:
    with transaction.atomic():
        payment = _payment(purchase)
        if returned is not None and returned != payment.returned:
            raise RefundChanged
        taken, split = _reckon(payment, credits)
        return refunded.enter(
            payment,
            split=split,
            taken=taken,
            told=split.net + split.tax,
            made_by=by,
            reason=reason,
        )


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


def _reckon(payment: Payment, credits: int | None) -> tuple[list[Share], Split]:
    lots = shares.locked_lots(payment)
    free = shares.free(lots)
    if credits is not None and not 0 < credits <= free:
        raise RefundTooLarge if free else NothingToRefund
    taken = shares.take(lots, free if credits is None else credits)
    split = _split(payment, sum(share.net for share in taken))
    if split.net <= 0:
        raise NothingToRefund
    if split.net + split.tax > payment.left:
        raise RefundTooLarge
    return taken, split


def _split(payment: Payment, net: int) -> Split:
    """The credits' carrying value, and the tax that goes with all the net that went back so far."""
    net_before = payment.refunded + payment.clawed_back - payment.tax_returned
    tax = part_of(payment.tax, net_before + net, payment.amount - payment.tax)
    return Split(net, min(max(tax - payment.tax_returned, 0), payment.tax - payment.tax_returned))
