"""Invoices that are due are charged to the subscription's card, one by one, outside of any database
transaction; and asked for again under the same name wherever a process died."""

import logging
from datetime import timedelta
from time import monotonic
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import events, providers
from billing.errors import BillingError, ProviderDeclined
from billing.facts import Paid
from billing.models import (
    ChargeState,
    Invoice,
    InvoiceCharge,
    InvoiceState,
    PaymentMethod,
    Subscription,
)
from billing.plans import closing, settling, turning, unpaid
from billing.providers.base import Charge
from ledger import selectors

RUN_SECONDS: Final = 60
# Nobody else works on it meanwhile. A provider that hangs is given up sooner.
LEASE: Final = timedelta(minutes=2)
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30))
# Stripe forgets an idempotency key after a day: asked again after that, it would be another charge.
ASKED_FOR: Final = timedelta(hours=20)
# Who opened the provider's page is paying there.
PAGE_PATIENCE: Final = timedelta(minutes=30)

_CLAIM: Final = """
update billing_invoice set due_at = ledger_now() + %s
where id = (
    select id from billing_invoice where state = 'due' and due_at <= ledger_now()
    order by due_at, id limit 1 for update skip locked
)
returning *
"""

logger = logging.getLogger(__name__)


def charge_due() -> int:
    """Take up what is due, one after the other; how many were. What is left after RUN_SECONDS waits
    for the next time."""
    taken, ends_at = 0, monotonic() + RUN_SECONDS
    while monotonic() < ends_at and (found := list(Invoice.objects.raw(_CLAIM, [LEASE]))):
        take_up(found[0])
        taken += 1
    return taken


def charge_now(subscription: Subscription) -> None:
    """Somebody waits for it: all that is not paid, the oldest first."""
    for invoice in unpaid.of(subscription).filter(state=InvoiceState.DUE):
        claimed = Invoice.objects.filter(
            id=invoice.id, state=InvoiceState.DUE, due_at__lte=selectors.now()
        )
        if claimed.update(due_at=selectors.now() + LEASE):
            take_up(invoice)


def take_up(invoice: Invoice) -> None:
    try:
        charge = _in_flight(invoice) or _begin(invoice)
        if charge is not None:
            _charge(charge)
    except Exception:
        logger.exception("Invoice %s is taken up again when its lease is over", invoice.name)


def _in_flight(invoice: Invoice) -> InvoiceCharge | None:
    found = invoice.charges.filter(state=ChargeState.CHARGING, card__isnull=False)
    return found.select_related("card", "invoice").first()


def _begin(invoice: Invoice) -> InvoiceCharge | None:
    if _is_being_paid(invoice):
        Invoice.objects.filter(id=invoice.id, state=InvoiceState.DUE).update(
            due_at=selectors.now() + PAGE_PATIENCE
        )
        return None
    card = _card_of(invoice)
    if card is None:
        settling.failed(invoice, None, "There is no saved card that can be charged.")
        return None
    if not closing.close_pages(invoice):
        # Tried again soon. Whoever has the page may be paying there this moment.
        due = Invoice.objects.filter(id=invoice.id, state=InvoiceState.DUE)
        due.update(due_at=selectors.now() + LEASE)
        return None
    try:
        return _begin_with(card, invoice)
    except IntegrityError:
        # Somebody else has begun just now.
        return None


@transaction.atomic
def _begin_with(card: PaymentMethod, invoice: Invoice) -> InvoiceCharge | None:
    """None where it was paid, or a page opened, since the pages were closed: it is taken up again
    when the lease is over. Whoever opens a page takes the same locks."""
    turning.locked(invoice.subscription_id)
    locked = Invoice.objects.select_for_update().get(id=invoice.id)
    if locked.state == InvoiceState.PAID or closing.pages_of(locked).exists():
        return None
    return InvoiceCharge.objects.create(invoice=invoice, card=card, provider=card.provider)


def _card_of(invoice: Invoice) -> PaymentMethod | None:
    card = Subscription.objects.select_related("card").get(pk=invoice.subscription_id).card
    if card is None or card.removed_at is not None:
        return None
    return card if card.provider in settings.PAYMENT_PROVIDERS else None


def _is_being_paid(invoice: Invoice) -> bool:
    since = timezone.now() - PAGE_PATIENCE
    pages = invoice.charges.filter(state=ChargeState.CHARGING, card=None, created_at__gt=since)
    return pages.exists()


def _charge(charge: InvoiceCharge) -> None:
    """The same charge, however often it is asked for."""
    card = charge.card
    assert card is not None
    charge.attempts += 1
    charge.save(update_fields=["attempts"])
    is_late = timezone.now() - charge.created_at > ASKED_FOR
    if is_late or card.removed_at is not None:
        _look_for(charge, is_late=is_late)
        return
    provider = providers.get(charge.provider)
    try:
        paid = provider.charge_saved(_asked(charge, card))
    except ProviderDeclined as declined:
        settling.failed(charge.invoice, charge, declined.detail)
        return
    except BillingError as error:
        logger.warning("Invoice %s has no answer yet: %s", charge.invoice.name, error.detail)
        paid = None
    if paid is not None:
        events.enter(provider.name, _enriched(charge, paid))
    _put_off(charge)


def _enriched(charge: InvoiceCharge, paid: Paid) -> Paid:
    """The fee can be told later, too."""
    try:
        found = providers.get(charge.provider).enrich(paid)
    except BillingError:
        return paid
    return found if isinstance(found, Paid) else paid


def _asked(charge: InvoiceCharge, card: PaymentMethod) -> Charge:
    invoice = charge.invoice
    return Charge(
        our_purchase=charge.name,
        description=f"{invoice.subscription.plan.name}: {invoice.document.name}",
        amount=invoice.total,
        currency=invoice.currency,
        customer_ref=card.customer_ref,
        card_ref=card.ref,
    )


def _look_for(charge: InvoiceCharge, *, is_late: bool) -> None:
    """It cannot be asked for again: what the provider's own list does not have is given up when it
    is late. Should it be paid all the same, that is entered when it is told."""
    provider = providers.get(charge.provider)
    since = charge.created_at - timedelta(hours=1)
    try:
        # Before the list: what was under way when that was read may have succeeded since.
        is_awaited = not is_late or provider.is_under_way(charge.name, since)
        for fact in provider.facts_since(since):
            if isinstance(fact, Paid) and fact.our_purchase == charge.name:
                events.enter(provider.name, _enriched(charge, fact))
                return
    except BillingError as error:
        logger.warning("Invoice %s cannot be looked for: %s", charge.invoice.name, error.detail)
        is_awaited = True
    if is_awaited:
        _put_off(charge)
        return
    told = "The payment provider never answered, and knows of no such payment."
    settling.failed(charge.invoice, charge, told, state=ChargeState.GIVEN_UP)


def _put_off(charge: InvoiceCharge) -> None:
    """Unless it is paid."""
    pause = PAUSES[min(charge.attempts, len(PAUSES)) - 1]
    due = Invoice.objects.filter(id=charge.invoice_id, state=InvoiceState.DUE)
    due.update(due_at=selectors.now() + pause)
