"""What events should have told and did not: the provider's lists against ours. Hourly."""

from collections import Counter
from datetime import datetime, timedelta

from django.utils import timezone

from billing import events, providers, refunds
from billing.applying import apply_fact
from billing.errors import BillingError
from billing.facts import Fact
from billing.models import (
    Dispute,
    DisputeState,
    EventState,
    Purchase,
    PurchaseState,
)
from billing.payments import confirm
from billing.providers.base import Provider

LOOK_BACK = timedelta(days=3)
Report = Counter[str]


def reconcile(since: datetime | None = None) -> Report:
    """Idempotent. How many facts came to what; `failed` are those that could not be asked for."""
    since = since or timezone.now() - LOOK_BACK
    report: Report = Counter()
    report["events decided"] = events.process_open()
    for provider in providers.every():
        _lists(provider, since, report)
        _open_disputes(provider, report)
    _unsent_refunds(report)
    _pending_purchases(report)
    return report


def _lists(provider: Provider, since: datetime, report: Report) -> None:
    try:
        for fact in provider.facts_since(since):
            _apply(provider, fact, report)
    except BillingError:
        report["failed"] += 1


def _apply(provider: Provider, fact: Fact, report: Report) -> None:
    outcome = apply_fact(provider.name, provider.enrich(fact))
    report[outcome.state.value] += 1
    if outcome.state == EventState.APPLIED:
        events.unpark(provider.name, fact.payment_ref)


def _open_disputes(provider: Provider, report: Report) -> None:
    """Opened long ago, they are in no list of today when they are closed."""
    for dispute in Dispute.objects.filter(provider=provider.name, state=DisputeState.OPEN):
        try:
            _apply(provider, provider.dispute(dispute.provider_ref), report)
        except BillingError:
            report["failed"] += 1


def _unsent_refunds(report: Report) -> None:
    for refund in refunds.unsent():
        try:
            refunds.send(refund)
        except BillingError:
            report["failed"] += 1


def _pending_purchases(report: Report) -> None:
    pending = Purchase.objects.filter(state=PurchaseState.PENDING, expires_at__lt=timezone.now())
    for purchase in pending:
        try:
            confirm(purchase)
        except BillingError:
            report["failed"] += 1
            continue
        left = Purchase.objects.filter(id=purchase.id, state=PurchaseState.PENDING)
        report["expired"] += left.update(state=PurchaseState.EXPIRED)
