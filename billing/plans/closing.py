"""Pages on which an invoice could be paid are closed at the provider before a card is charged for
it, when it is paid, and when their time is over: nobody pays twice. One that is complete and not
paid yet, as with a bank debit, stays until it is paid or has failed. Nothing here is called in a
database transaction."""

import logging
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.utils import timezone

from billing import events, providers
from billing.errors import BillingError, ProviderDeclined, UnknownProvider
from billing.models import ChargeState, Invoice, InvoiceCharge, InvoiceState
from ledger import selectors

# By its provider.
OPEN_FOR: Final = timedelta(hours=24)

# A page without an address yet: whoever makes it has an answer by then, or never.
MADE_WITHIN: Final = timedelta(minutes=5)
# Of one that cannot be asked any more, because its provider is not set up: longer than a bank
# debit takes.
FORGOTTEN_AFTER: Final = timedelta(days=15)
_AT_ONCE: Final = 100
_RUN_SECONDS: Final = 30
# Between two tries for the same page: events tell sooner.
_PAUSE_WHEN_PAID: Final = timedelta(minutes=1)
_PAUSE_WHEN_OLD: Final = timedelta(hours=1)
_WHY: Final = "The page was closed: it is too old, or the invoice is paid in another way."

logger = logging.getLogger(__name__)


def close_pages(invoice: Invoice) -> bool:
    """Whether none is open any more. What was paid on one is entered."""
    # Each of them, also after one that stays open.
    closed = [close(page) for page in pages_of(invoice)]
    return all(closed)


def pages_of(invoice: Invoice) -> QuerySet[InvoiceCharge]:
    """Those that may be paid still."""
    return InvoiceCharge.objects.filter(invoice=invoice, state=ChargeState.CHARGING, card=None)


def close_left() -> None:
    """Pages whose time is over, and those of invoices that were paid while a page was open. Those
    that were tried least are first: who does not answer keeps nobody else open."""
    ends_at = monotonic() + _RUN_SECONDS
    for page in _left().order_by("attempts", "id")[:_AT_ONCE]:
        if monotonic() > ends_at:
            return
        InvoiceCharge.objects.filter(id=page.id).update(attempts=F("attempts") + 1)
        try:
            close(page)
        except Exception:
            logger.exception("The page %s is closed another time", page.name)


def _left() -> QuerySet[InvoiceCharge]:
    is_old = Q(created_at__lt=_pausing(timezone.now() - OPEN_FOR, _PAUSE_WHEN_OLD))
    is_paid = Q(invoice__state=InvoiceState.PAID)
    is_paid &= Q(invoice__paid_at__lte=_pausing(selectors.now(), _PAUSE_WHEN_PAID))
    return InvoiceCharge.objects.filter(is_old | is_paid, state=ChargeState.CHARGING, card=None)


def _pausing(instant: datetime, pause: timedelta) -> Combinable:
    """So much earlier for each time that the page was tried."""
    waited: Combinable = ExpressionWrapper(
        F("attempts") * Value(pause), output_field=DurationField()
    )
    return ExpressionWrapper(Value(instant) - waited, output_field=DateTimeField())


def close(page: InvoiceCharge) -> bool:
    """Whether nobody pays there any more. What was paid is entered."""
    if not page.provider_ref:
        is_over = page.created_at < timezone.now() - MADE_WITHIN
        # Not one that has got its address this moment.
        return is_over and bool(_give_up(page, provider_ref=None))
    try:
        provider = providers.get(page.provider)
        try:
            provider.close_checkout(page.provider_ref)
        except ProviderDeclined:
            # It is paid, its time is over, or a bank debit is under way.
            for fact in provider.checkout_facts(page.provider_ref):
                events.enter(provider.name, provider.enrich(fact))
            page.refresh_from_db()
            return page.state != ChargeState.CHARGING
    except UnknownProvider:
        is_forgotten = page.created_at < timezone.now() - FORGOTTEN_AFTER
        return is_forgotten and bool(_give_up(page))
    except BillingError as error:
        logger.warning("The page %s cannot be closed yet: %s", page.name, error.detail)
        return False
    _give_up(page)
    return True


def _give_up(page: InvoiceCharge, **only: None) -> int:
    open_ones = InvoiceCharge.objects.filter(id=page.id, state=ChargeState.CHARGING, **only)
    return open_ones.update(state=ChargeState.GIVEN_UP, reason=_WHY)
