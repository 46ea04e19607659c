"""What events should have told and did not: the provider's lists against ours. Hourly."""

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from billing import disputed, events, providers, refunds
from billing.errors import BillingError, ProviderFailed
from billing.facts import Fact, Paid
from billing.models import (
    Dispute,
    DisputeState,
    Invoice,
    Payment,
    Purchase,
    PurchaseState,
    Refund,
    RefundState,
)
from billing.payments import confirm
from billing.providers.base import Provider

LOOK_BACK = timedelta(days=3)
REFUNDS_FAIL_WITHIN = timedelta(days=30)
Report = Counter[str]


def reconcile(since: datetime | None = None) -> Report:
    """Idempotent. How many facts came to what; `failed` are those that could not be asked for,
    `swept` the payments whose credits were held when money went back and are free by now, and
    `waiting` the events that are parked, some of them for so long that they are not tried again."""
    since = since or timezone.now() - LOOK_BACK
    report: Report = Counter()
    report["events decided"] = events.process_open()
    for provider in providers.every():
        if _lists(provider, _far_enough(provider, since), report):
            _unsent_refunds(provider, report)
            _failed_refunds(provider, report)
        _open_disputes(provider, report)
    _pending_purchases(report)
    report["swept"] = disputed.sweep_all()
    report["waiting"] = events.waiting()
    report["waiting in vain"] = events.waiting_in_vain()
    return report


def _far_enough(provider: Provider, since: datetime) -> datetime:
    """What became of a refund is in the list of the day on which it was made."""
    oldest = refunds.requested(provider.name).first()
    return min(since, oldest.created_at) if oldest else since


def _lists(provider: Provider, since: datetime, report: Report) -> bool:
    try:
        for fact in provider.facts_since(since):
            _apply(provider, fact, report)
    except BillingError:
        report["failed"] += 1
        return False
    return True


def _apply(provider: Provider, fact: Fact, report: Report) -> None:
    if not _is_complete(provider, fact):
        try:
            fact = provider.enrich(fact)
        except ProviderFailed:
            report["failed"] += 1
    outcome = events.enter(provider.name, fact)
    report[outcome.state.value] += 1


def _is_complete(provider: Provider, fact: Fact) -> bool:
    """What there is to find out of it was found out before."""
    if not isinstance(fact, Paid):
        return False
    same = {"provider": provider.name, "provider_ref": fact.payment_ref}
    known = Payment.objects.filter(**same, fee__isnull=False)
    return known.exists() or Invoice.objects.filter(**same, provider_fee__isnull=False).exists()


def _failed_refunds(provider: Provider, report: Report) -> None:
    """Money that left may come back: a card was closed meanwhile."""
    known = Refund.objects.filter(provider=provider.name, state=RefundState.SUCCEEDED)
    try:
        for fact in provider.failed_refunds_since(timezone.now() - REFUNDS_FAIL_WITHIN):
            if known.filter(provider_ref=fact.refund_ref).exists():
                _apply(provider, fact, report)
    except BillingError:
        report["failed"] += 1


def _open_disputes(provider: Provider, report: Report) -> None:
    """Opened long ago, they are in no list of today when they are closed."""
    for dispute in Dispute.objects.filter(provider=provider.name, state=DisputeState.OPEN):
        try:
            _apply(provider, provider.dispute(dispute.provider_ref), report)
        except BillingError:
            report["failed"] += 1


def _unsent_refunds(provider: Provider, report: Report) -> None:
    """After the lists, which know those that were made and whose answer was lost: the provider does
    not remember for ever that it was asked before."""
    for refund in refunds.unsent(provider.name):
        try:
            refunds.send(refund)
        except BillingError:
            report["failed"] += 1


def _pending_purchases(report: Report) -> None:
    pending = Purchase.objects.filter(
        state=PurchaseState.PENDING,
        expires_at__lt=timezone.now(),
        provider__in=settings.PAYMENT_PROVIDERS,
    )
    for purchase in pending:
        try:
            confirm(purchase)
        except BillingError:
            report["failed"] += 1
            continue
        left = Purchase.objects.filter(id=purchase.id, state=PurchaseState.PENDING)
        report["expired"] += left.update(state=PurchaseState.EXPIRED)
