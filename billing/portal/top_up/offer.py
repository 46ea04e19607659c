"""Another card is offered to an automatic top-up whose card was declined."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from accounts.models import Customer, User
from billing.errors import TopUpRefused
from billing.portal.top_up.form import TopUpForm, as_typed
from billing.top_up import agreeing, mending, wording
from billing.top_up.standing import agreement_of, proposal


class Offer(NamedTuple):
    """What is posted, all of it as it holds now but for the card, and what that means."""

    card: str
    declined: str
    fields: Mapping[str, Any]
    sentence: str


def offer(customer: Customer, *, by: User) -> Offer | None:
    agreement = agreement_of(customer)
    if agreement is None or not agreement.enabled or not mending.is_card_at_fault(agreement):
        return None
    card = mending.other_card(agreement)
    if card is None:
        return None
    fields = as_typed(agreement) | {"card": str(card.id)}
    form = TopUpForm(customer, fields)
    if not form.is_valid():
        return None
    try:
        proposed = agreeing.proposed(customer, form.terms(), by=by)
    except TopUpRefused:
        return None
    return Offer(wording.card(card), wording.card(agreement.card), fields, proposal(proposed))
