"""A saved card is forgotten, at its payment provider too."""

from typing import Final

from accounts.confirming import Act, Deed, Target
from accounts.models import User
from billing import payment_methods
from billing.admin import shown as billing_shown
from billing.errors import BillingError
from billing.models import PaymentMethod, Subscription, SubscriptionState, TopUpSettings


def _look(card: PaymentMethod, by: User) -> Target:
    is_gone = card.removed_at is not None
    return Target(
        key=str(card.pk),
        name=f"{card} of {card.customer.name}",
        about=card,
        now=f"Retired {card.removed_at:%Y-%m-%d %H:%M} UTC" if is_gone else "Saved",
        will=" ".join(_consequences(card)),
        refusal="It is retired already." if is_gone else "",
        page=billing_shown.page(card),
        customer_id=card.customer_id,
    )


def _consequences(card: PaymentMethod) -> list[str]:
    told = [f"{card.provider.capitalize()} forgets it."]
    if TopUpSettings.objects.filter(card=card, enabled=True).exists():
        told.append("Automatic top-up charges it now: that pauses until there is another card.")
    running = Subscription.objects.filter(card=card, state=SubscriptionState.ACTIVE)
    if running.exists():
        told.append("The plan is paid with it: its next invoice stays open until there is another.")
    return told


def _retire(card: PaymentMethod, deed: Deed) -> str:
    payment_methods.remove(card)
    return f"{card} of {card.customer} is retired."


RETIRE_CARD: Final = Act(
    code="retire",
    done="card.retired",
    permission="billing.retire_card",
    verb="Retire the card",
    consequence="The card is charged no more, and nobody can choose it. What was paid with it stays"
    " paid and can be refunded to it. The customer can save it again at the next checkout.",
    look=_look,
    do=_retire,
    asks_why=True,
    outside=True,
    refusals=(BillingError,),
)
