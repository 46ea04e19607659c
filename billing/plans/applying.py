"""What a plan says is what the wallet does: its limits, prices, and how far below zero it goes.

While there is a subscription these are the plan's. What cannot be yet (a credit limit below what is
in use, a cap below what is spent already) holds nothing else up, and is tried again until it is.
"""

import logging
from collections.abc import Callable
from typing import Final

from django.db import transaction

from billing.errors import TopUpRefused
from billing.models import Overage, Plan, Subscription, TopUpSettings
from billing.plans import limits, prices, unpaid
from billing.top_up import agreeing
from ledger import usage_events, wallets
from ledger.errors import Refused

logger = logging.getLogger(__name__)


def apply(subscription: Subscription) -> None:
    """In a database transaction, under the subscription's lock."""
    done = [_is_applied(step, subscription) for step in _STEPS]
    subscription.applied = all(done)
    subscription.save(update_fields=["applied", "has_top_up"])


def apply_now(subscription: Subscription) -> None:
    """The same where whoever asks is told. Raises Refused, TopUpRefused."""
    done = [step(subscription) for step in _STEPS]
    subscription.applied = all(done)
    subscription.save(update_fields=["applied", "has_top_up"])


def leave(subscription: Subscription, plan: Plan) -> None:
    """What was this plan's alone is over."""
    prices.take_out_of_group(subscription.customer, plan.price_group)
    if plan.late_commits:
        wallets.set_late_commit(subscription.customer_id, charge=False)
    if plan.owes_reported:
        usage_events.set_policy(subscription.customer_id, "refuse")
    if subscription.has_top_up:
        agreement = TopUpSettings.objects.filter(customer=subscription.customer_id).first()
        if agreement is not None and agreement.enabled:
            agreeing.end(agreement)
        subscription.has_top_up = False
        subscription.save(update_fields=["has_top_up"])


def _is_applied(step: Callable[[Subscription], bool], subscription: Subscription) -> bool:
    try:
        with transaction.atomic():
            return step(subscription)
    except (Refused, TopUpRefused) as refusal:
        logger.info("%s is not all applied yet: %s", subscription.name, refusal)
        return False


def _limit_credit(subscription: Subscription) -> bool:
    """At once down to what is in use."""
    is_open = subscription.is_active and unpaid.is_opened(subscription)
    limit = subscription.plan.credit_limit if is_open else 0
    customer_id = subscription.customer_id
    result = wallets.set_credit_limit(customer_id, limit=limit, at_least_in_use=True)
    return result.credit_limit == limit


def _limit_use(subscription: Subscription) -> bool:
    limits.apply(
        subscription.customer_id, subscription.plan.limits if subscription.is_active else []
    )
    return True


def _say_what_becomes_of_calls(subscription: Subscription) -> bool:
    customer_id, plan = subscription.customer_id, subscription.plan
    if subscription.is_active:
        if plan.late_commits is not None:
            wallets.set_late_commit(customer_id, charge=plan.late_commits)
        if plan.owes_reported is not None:
            usage_events.set_policy(customer_id, "debt" if plan.owes_reported else "refuse")
        prices.put_in_group(subscription.customer, plan.price_group)
    return True


def _agree_to_top_up(subscription: Subscription) -> bool:
    """Unless the customer has terms of its own, or no card yet."""
    plan, card = subscription.plan, subscription.card
    if not subscription.is_active or plan.overage != Overage.TOP_UP:
        return True
    if subscription.has_top_up or card is None:
        return True
    if TopUpSettings.objects.filter(customer=subscription.customer_id, enabled=True).exists():
        return True
    assert plan.top_up_pack is not None
    terms = agreeing.Terms(
        threshold=plan.top_up_threshold,
        target=plan.top_up_target,
        pack=plan.top_up_pack,
        currency=plan.currency,
        cap=plan.top_up_cap,
        card=card,
    )
    agreeing.agree(subscription.customer, terms, by=subscription.started_by)
    subscription.has_top_up = True
    return True


_STEPS: Final = (_limit_credit, _limit_use, _say_what_becomes_of_calls, _agree_to_top_up)
