"""Why a top-up that is wanted is not begun. As of now: what is mended is no obstacle any more."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from billing import tax
from billing.errors import PackUnavailable, PlaceMissing
from billing.models import CardBreaker, Obstacle, TopUp, TopUpSettings, TopUpState
from billing.top_up import budget, cards, ordering
from ledger import selectors

# Between a success and the next, however fast credits are spent.
PAUSE: Final = timedelta(minutes=1)


def found(agreement: TopUpSettings) -> Obstacle | None:
    return _of_the_card(agreement) or _of_the_price(agreement) or _of_the_cap(agreement)


def is_to_wait(agreement: TopUpSettings) -> bool:
    """Also of one that is only proposed."""
    put_off = _put_off().filter(card=agreement.card_id)
    return put_off.exists() or _just_now().filter(customer=agreement.customer_id).exists()


def waiting_for_nothing(agreements: QuerySet[TopUpSettings]) -> QuerySet[TopUpSettings]:
    put_off = _put_off().filter(card=OuterRef("card"))
    just_now = _just_now().filter(customer=OuterRef("customer"))
    return agreements.filter(~Exists(put_off), ~Exists(just_now))


def _put_off() -> QuerySet[CardBreaker]:
    """They were declined, and may do later."""
    return CardBreaker.objects.filter(retry_at__gt=selectors.now())


def _just_now() -> QuerySet[TopUp]:
    since = selectors.now() - PAUSE
    return TopUp.objects.filter(state=TopUpState.SUCCEEDED, finished_at__gt=since)


def without_stopped_cards(agreements: QuerySet[TopUpSettings]) -> QuerySet[TopUpSettings]:
    """Where the owners know that the card is left alone, and it still is."""
    declined = Q(Exists(cards.opened(OuterRef("card"))), stopped_by=Obstacle.DECLINED)
    disputed = Q(Exists(cards.disputes(OuterRef("card"))), stopped_by=Obstacle.DISPUTED)
    return agreements.exclude(declined | disputed)


def _of_the_card(agreement: TopUpSettings) -> Obstacle | None:
    if agreement.card.removed_at is not None:
        return Obstacle.CARD
    if agreement.card.provider not in settings.PAYMENT_PROVIDERS:
        return Obstacle.PROVIDER
    if cards.opened(agreement.card).exists():
        return Obstacle.DECLINED
    return Obstacle.DISPUTED if cards.disputes(agreement.card).exists() else None


def _of_the_price(agreement: TopUpSettings) -> Obstacle | None:
    if is_tax_unknown():
        return Obstacle.TAX
    try:
        price = ordering.price_now(agreement)
        ordering.expected(agreement)
    except PackUnavailable:
        return Obstacle.PACK
    except PlaceMissing:
        return Obstacle.PLACE
    net = price.price.get_amount_in_sub_unit()
    is_dearer = net > agreement.price or ordering.content(price) < agreement.credits
    return Obstacle.PRICE if is_dearer else None


def _of_the_cap(agreement: TopUpSettings) -> Obstacle | None:
    within = budget.left(agreement)
    return None if ordering.closing(agreement, gap=1, within=within) else Obstacle.CAP


def is_tax_unknown() -> bool:
    """A provider that finds out the tax does so on its page, where a saved card never comes."""
    return bool(settings.TAX_BY_PROVIDER) and not tax.is_on_use()
