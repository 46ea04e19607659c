"""How a top-up ended, once: with what told of it, in one database transaction."""

from django.db import transaction

from billing.facts import Card
from billing.models import (
    Obstacle,
    PaymentMethod,
    Purchase,
    TopUp,
    TopUpSettings,
    TopUpState,
)
from billing.top_up import cards, suspending, telling
from ledger import selectors


def paid(purchase: Purchase, card: Card | None) -> None:
    """Where any purchase is paid, in its transaction and after its credits are there; whether it
    was given up before or not."""
    top_up = TopUp.objects.select_for_update().filter(purchase=purchase).first()
    if top_up is not None:
        _succeeded(top_up)
    if card is not None:
        for known in PaymentMethod.objects.filter(provider=purchase.provider, ref=card.ref):
            cards.paid(known)
    suspending.look_at(purchase.customer_id)


def failed(top_up: TopUp, state: TopUpState, reason: str, *, is_final: bool) -> None:
    """Unless it was paid meanwhile."""
    with transaction.atomic():
        charging = TopUp.objects.filter(id=top_up.id, state=TopUpState.CHARGING)
        if not charging.update(state=state, reason=reason, finished_at=selectors.now()):
            return
        top_up.refresh_from_db()
        assert top_up.card is not None
        breaker = cards.declined(top_up.card, reason, is_final=is_final)
        agreement = TopUpSettings.objects.select_for_update().get(customer=top_up.customer_id)
        is_first = agreement.failing_since is None
        if agreement.enabled and agreement.card_id == top_up.card_id:
            agreement.failing_since = agreement.failing_since or selectors.now()
            agreement.save(update_fields=["failing_since"])
        telling.failed(top_up, agreement, breaker, mail=is_first)
        if breaker.opened_at is not None and agreement.failing_since is not None:
            # The first mail says it already.
            telling.stopped(agreement, Obstacle.DECLINED, mail=not is_first)
    suspending.look_at(top_up.customer_id)


def _succeeded(top_up: TopUp) -> None:
    top_up.state, top_up.reason = TopUpState.SUCCEEDED, ""
    top_up.finished_at = selectors.now()
    top_up.save(update_fields=["state", "reason", "finished_at"])
    assert top_up.card is not None
    cards.paid(top_up.card)
    telling.succeeded(top_up)
