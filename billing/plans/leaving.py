"""What is in use of a credit limit when its plan is left, by holds that are open: it is owed when
they are committed, and invoiced at the price of the plan that was left."""

from billing.models import InvoiceKind, Plan, Subscription
from billing.plans import applying, invoicing, lines
from ledger import services
from ledger.models import Wallet


def leave(subscription: Subscription, plan: Plan) -> None:
    """What is owed by now is on an invoice already."""
    applying.leave(subscription, plan)
    if plan.overage_price:
        subscription.left_plan = plan


def settle(subscription: Subscription) -> None:
    """All that is owed so far. Under the subscription's lock. Raises PlaceMissing."""
    plan = subscription.left_plan
    if plan is not None:
        services.refresh(subscription.customer_id)
        owed = lines.overage_of(subscription, plan)
        invoicing.issue(subscription, InvoiceKind.CHANGE, owed, currency=plan.currency)


def go_on(subscription: Subscription) -> None:
    """When the last hold has ended, or no more is in use than the present plan lends; so that it is
    one invoice."""
    applying.apply(subscription)
    if subscription.left_plan is None or not (subscription.applied or _is_at_rest(subscription)):
        return
    settle(subscription)
    arrive(subscription)


def arrive(subscription: Subscription) -> None:
    """What the present plan says; the plan before is over when nothing is in use of it."""
    applying.apply(subscription)
    if subscription.applied:
        forget(subscription)


def settle_before(subscription: Subscription) -> None:
    """What the customer's subscriptions before this one left, before its credits could pay it."""
    earlier = Subscription.objects.filter(
        customer=subscription.customer_id, left_plan__isnull=False
    ).exclude(id=subscription.id)
    for one in earlier.select_for_update(of=("self",)).order_by("started_at"):
        settle(one)
        subscription.left_plan = one.left_plan
        forget(one)


def forget(subscription: Subscription) -> None:
    subscription.left_plan = None
    subscription.save(update_fields=["left_plan"])


def _is_at_rest(subscription: Subscription) -> bool:
    return Wallet.objects.filter(customer=subscription.customer_id, held=0).exists()
