"""What an owner does about an automatic top-up whose card cannot be charged."""

from typing import Final

from django.conf import settings

from billing import selectors
from billing.models import CardBreaker, Obstacle, PaymentMethod, TopUpSettings
from billing.top_up import obstacles, wording
from billing.top_up.wording import Told

OF_THE_CARD: Final = (
    Obstacle.DECLINED,
    Obstacle.DISPUTED,
    Obstacle.CARD,
    Obstacle.PROVIDER,
)


def told(agreement: TopUpSettings, obstacle: Obstacle) -> Told:
    found = wording.obstacle(obstacle)
    if obstacle not in OF_THE_CARD:
        return found
    reason = _reason(agreement) if obstacle == Obstacle.DECLINED else ""
    return another_card(agreement)._replace(why=f"{found.why} {reason}".strip())


def another_card(agreement: TopUpSettings) -> Told:
    """The way to one: a card is saved by buying with it, and used by agreeing to it."""
    card = other_card(agreement)
    if card is None:
        return wording.BUY_AND_KEEP
    name = wording.card(card)
    return Told("", f"Use {name} from now on", "top-up", f"{name} is saved too and can be used.")


def other_card(agreement: TopUpSettings) -> PaymentMethod | None:
    """The one saved last of those that were not declined."""
    saved = selectors.payment_methods_of(agreement.customer)
    usable = saved.filter(provider__in=settings.PAYMENT_PROVIDERS, breaker=None)
    return usable.exclude(id=agreement.card_id).first()


def is_card_at_fault(agreement: TopUpSettings) -> bool:
    if CardBreaker.objects.filter(card=agreement.card_id).exists():
        return True
    return obstacles.found(agreement) in OF_THE_CARD


def is_to_save_another(agreement: TopUpSettings | None) -> bool:
    """Nothing else helps for good."""
    if agreement is None or not agreement.enabled:
        return False
    return is_card_at_fault(agreement) and other_card(agreement) is None


def _reason(agreement: TopUpSettings) -> str:
    """How often it was declined, and what the last time for."""
    breaker = CardBreaker.objects.filter(card=agreement.card_id).first()
    if breaker is None:
        return ""
    often = f"{breaker.declines} times in a row" if breaker.declines > 1 else "for good"
    return f"It was declined {often}: {breaker.reason}".strip()
