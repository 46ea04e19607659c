"""A customer agrees to be charged without being asked each time, changes that, or ends it."""

from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from accounts.ids import uuid7
from accounts.models import Customer, User
from accounts.sandboxes import require_open, require_real
from billing.errors import PackUnavailable, PlaceMissing, TopUpRefused
from billing.models import Pack, PaymentMethod, TopUp, TopUpSettings, TopUpState
from billing.top_up import cards, obstacles, ordering
from ledger import selectors, wallets
from ledger.models import Threshold
from ledger.wallets import Watched


class Terms(NamedTuple):
    """Credits are micro-credits; the cap is minor units of the currency, tax included."""

    threshold: int
    target: int
    pack: Pack
    currency: str
    cap: int
    card: PaymentMethod
    suspend_keys: bool = False


def agree(customer: Customer, terms: Terms, *, by: User | None) -> TopUpSettings:
    """On from now on, and needed at once where the balance is low already. Raises TopUpRefused."""
    agreement = proposed(customer, terms, by=by)
    with transaction.atomic():
        # The wallet's lock comes first, here as where credits are granted.
        _watch(agreement)
        before = TopUpSettings.objects.select_for_update().filter(customer=customer).first()
        if before is not None and before.enabled and before.card_id == agreement.card_id:
            agreement.failing_since = before.failing_since
        agreement.save(force_insert=before is None, force_update=before is not None)
    return agreement


def end(agreement: TopUpSettings) -> None:
    """What is being charged already is charged."""
    with transaction.atomic():
        wallets.watch(agreement.customer_id, purpose="top_up", thresholds=[])
        TopUp.objects.filter(customer=agreement.customer_id, state=TopUpState.WANTED).delete()
        ended = TopUpSettings.objects.filter(customer=agreement.customer_id)
        ended.update(enabled=False, failing_since=None, stopped_by="", stopped_at=None)
    agreement.refresh_from_db()


def proposed(customer: Customer, terms: Terms, *, by: User | None) -> TopUpSettings:
    """What would be agreed to; nothing is kept. Raises TopUpRefused, NotInASandbox."""
    require_real(customer)
    require_open(customer)
    _check(customer, terms)
    agreement = TopUpSettings(
        customer=customer,
        enabled=True,
        **terms._asdict(),
        price=0,
        credits=0,
        agreed_by=by,
        agreed_at=selectors.now(),
    )
    try:
        price, expected = ordering.price_now(agreement), ordering.expected(agreement)
    except PackUnavailable:
        raise TopUpRefused("pack", "This pack is not on sale in this currency.") from None
    except PlaceMissing as missing:
        raise TopUpRefused("pack", f"{missing.detail} Fill them in first.") from None
    agreement.price = price.price.get_amount_in_sub_unit()
    agreement.credits = ordering.content(price)
    if expected.total > terms.cap:
        raise TopUpRefused("cap", "One charge would be above the limit: raise it, or aim lower.")
    return agreement


def _check(customer: Customer, terms: Terms) -> None:
    if terms.threshold <= 0:
        raise TopUpRefused("threshold", "Write a number of credits above zero.")
    if terms.target <= terms.threshold:
        raise TopUpRefused("target", "Go back to more credits than you fall to.")
    card = terms.card
    if card.customer_id != customer.id or card.removed_at is not None:
        raise TopUpRefused("card", "This card is not saved any more. Choose another one.")
    if card.provider not in settings.PAYMENT_PROVIDERS:
        raise TopUpRefused("card", "This card cannot be charged any more. Save another one.")
    if cards.opened(card).exists():
        raise TopUpRefused(
            "card", "This card was declined. Choose another one, or buy credits with it first."
        )
    if cards.disputes(card).exists():
        raise TopUpRefused(
            "card", "A payment is disputed, and this card is left alone. Choose another one."
        )
    if obstacles.is_tax_unknown():
        raise TopUpRefused(
            "pack",
            "Tax is found out at the checkout here, which a saved card does not pass: "
            "credits cannot be bought automatically.",
        )


def _watch(agreement: TopUpSettings) -> None:
    known = Threshold.objects.filter(customer=agreement.customer_id, purpose="top_up").first()
    threshold = Watched(
        id=known.id if known else uuid7(), basis="credits", value=agreement.threshold
    )
    wallets.watch(agreement.customer_id, purpose="top_up", thresholds=[threshold])
