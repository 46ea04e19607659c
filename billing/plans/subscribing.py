"""A customer comes to a plan, changes it, leaves it at a period's end, or thinks again."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.ids import uuid7
from accounts.models import Customer, User
from accounts.sandboxes import require_open
from billing import tax
from billing.models import (
    BillingProfile,
    InvoiceKind,
    InvoiceState,
    Overage,
    PaymentMethod,
    Plan,
    PlanState,
    Subscription,
    SubscriptionState,
)
from billing.plans import (
    applying,
    calendar,
    included,
    invoicing,
    leaving,
    lines,
    telling,
    turning,
    unpaid,
)
from billing.plans.errors import (
    CardMissing,
    ChangeRefused,
    HasSubscription,
    InvoiceUnpaid,
    NoSubscription,
    PlanTaken,
    PlanUnavailable,
)
from billing.top_up import obstacles
from ledger import selectors, services


def of(customer: Customer) -> Subscription | None:
    """The one that is active."""
    found = Subscription.objects.filter(customer=customer, state=SubscriptionState.ACTIVE)
    return found.select_related("customer", "plan", "next_plan", "card").first()


def start(
    customer: Customer, plan: Plan, *, card: PaymentMethod | None = None, by: User | None = None
) -> Subscription:
    """From now on. What it costs is invoiced at once; its credits come when that is paid. Raises
    PlanUnavailable, HasSubscription, CardMissing, InvoiceUnpaid, PlaceMissing;
    TopUpRefused; Refused with cap-below-spent."""
    require_open(customer)
    _check_start(customer, plan, card)
    now = selectors.now()
    subscription = Subscription(
        id=uuid7(),
        customer=customer,
        plan=plan,
        card=card,
        anchored_on=calendar.day_of(now, customer),
        period_start=now,
        period_end=now,
        plan_since=now,
        started_by=by,
        started_at=now,
    )
    turning.put_on(subscription, plan, since=now)
    subscription.period_end = calendar.end_of_period(subscription)
    try:
        with transaction.atomic():
            subscription.save(force_insert=True)
            _open(subscription)
    except IntegrityError as error:
        if "subscription_one_per_customer" not in str(error):
            raise
        raise HasSubscription from None
    return subscription


def change(
    subscription: Subscription, plan: Plan, *, at_once: bool, by_staff: bool = False
) -> Subscription:
    """To another plan, at the period's end or at once. At once, the fee is charged for what is left
    of the period, less what was paid for that; credits that were bought are not touched. Raises
    PlanUnavailable, ChangeRefused, NoSubscription, CardMissing, InvoiceUnpaid, PlaceMissing;
    TopUpRefused; Refused with cap-below-spent."""
    with transaction.atomic():
        subscription = _active(subscription)
        begins = selectors.now() if at_once else subscription.period_end
        _check_change(subscription, plan, begins, by_staff=by_staff)
        if at_once:
            _change_now(subscription, plan)
        else:
            subscription.next_plan = plan if plan.pk != subscription.plan_id else None
            subscription.cancelled_at = subscription.ends_at = None
            subscription.save()
            telling.changed(subscription, subscription.plan)
    return subscription


def fall_back(subscription: Subscription, plan: Plan) -> None:
    """At once, to a plan that costs nothing, whatever was agreed to; overage so far is settled at
    the old price. Under the subscription's lock. Raises PlaceMissing."""
    subscription.committed_until = None
    services.refresh(subscription.customer_id)
    leaving.settle(subscription)
    invoicing.issue(subscription, InvoiceKind.CHANGE, lines.overage(subscription))
    _switch(subscription, plan)


def cancel(subscription: Subscription) -> Subscription:
    """It ends with the period, or with the term that was agreed to. Raises NoSubscription."""
    with transaction.atomic():
        subscription = _active(subscription)
        if subscription.ends_at is None:
            ends = subscription.period_end
            if subscription.committed_until and subscription.committed_until > ends:
                ends = subscription.committed_until
            subscription.cancelled_at, subscription.ends_at = selectors.now(), ends
            subscription.next_plan = None
            subscription.save()
            telling.cancelled(subscription)
    return subscription


def resume(subscription: Subscription) -> Subscription:
    """As if it had not been cancelled. Raises NoSubscription."""
    with transaction.atomic():
        subscription = _active(subscription)
        if subscription.ends_at is not None:
            subscription.cancelled_at = subscription.ends_at = None
            subscription.save()
            telling.resumed(subscription)
    return subscription


def use_card(subscription: Subscription, card: PaymentMethod) -> None:
    """What is not paid is tried again with it at once. Raises CardMissing."""
    _check_card(subscription.customer, card)
    now = selectors.now()
    with transaction.atomic():
        subscription = turning.locked(subscription.id)
        subscription.card = card
        subscription.save(update_fields=["card"])
        unpaid.of(subscription).update(state=InvoiceState.DUE, due_at=now)


def costs(plan: Plan) -> bool:
    """Whether money may be asked for."""
    return bool(
        plan.fee
        or plan.connection_fee
        or plan.minimum_spend
        or plan.overage in (Overage.POST_PAID, Overage.TOP_UP)
    )


def _open(subscription: Subscription) -> None:
    plan = subscription.plan
    leaving.settle_before(subscription)
    subscription.included = included.of_period(subscription)
    subscription.save(update_fields=["left_plan", "included"])
    invoice = invoicing.issue(
        subscription,
        InvoiceKind.PERIOD,
        lines.fee(subscription, plan),
        fee_span=(subscription.period_start, subscription.period_end),
        credits=included.of_period(subscription),
    )
    if invoice is None:
        included.give_for_period(subscription)
    applying.apply_now(subscription)
    if subscription.applied:
        leaving.forget(subscription)
    telling.started(subscription)


def _change_now(subscription: Subscription, plan: Plan) -> None:
    before, now = subscription.plan, selectors.now()
    if plan.currency != before.currency:
        raise ChangeRefused("A plan in another currency begins with the next period.")
    if not unpaid.is_opened(subscription):
        raise ChangeRefused("Pay the first invoice, or let the plan begin with the next period.")
    if plan.fee < before.fee:
        raise ChangeRefused("A plan that costs less begins with the next period.")
    if plan.commitment < before.minimum_spend:
        raise ChangeRefused("A plan with a lower minimum begins with the next period.")
    due = included.pro_rata(plan.fee - before.fee, subscription, now)
    services.refresh(subscription.customer_id)
    leaving.settle(subscription)
    owed = lines.overage(subscription)
    text = f"{plan.name} instead of {before.name}, for the rest of the period"
    more = included.more_at_once(before, plan, subscription, now)
    subscription.included += more
    invoice = invoicing.issue(
        subscription,
        InvoiceKind.CHANGE,
        [*owed, *lines.difference(text, due)],
        fee_span=(now, subscription.period_end),
        credits=more,
    )
    _switch(subscription, plan)
    if invoice is None:
        key = f"included {included.name_of_period(subscription)} {plan.code} {plan.version}"
        included.give(subscription, more, key)


def _switch(subscription: Subscription, plan: Plan) -> None:
    before, period_end = subscription.plan, subscription.period_end
    leaving.leave(subscription, before)
    turning.put_on(subscription, plan, since=selectors.now())
    subscription.cancelled_at = subscription.ends_at = None
    subscription.period_end = min(period_end, subscription.plan_until or period_end)
    subscription.save()
    leaving.arrive(subscription)
    telling.changed(subscription, before)


def _active(subscription: Subscription) -> Subscription:
    found = turning.locked(subscription.id)
    if not found.is_active:
        raise NoSubscription
    return found


def _check_start(customer: Customer, plan: Plan, card: PaymentMethod | None) -> None:
    if plan.state != PlanState.PUBLISHED:
        raise PlanUnavailable
    if getattr(customer, "sandbox_of_id", None) is not None:
        raise PlanUnavailable("A test wallet has no plan: its credits cost nothing.")
    if of(customer) is not None:
        raise HasSubscription
    _check_once(customer, plan)
    _check_payment(customer, plan, card)


def _check_once(customer: Customer, plan: Plan) -> None:
    """What lasts for a time only is not begun anew."""
    if plan.lasts_days is not None and telling.was_told_of(customer.id, plan):
        raise PlanTaken


def _check_payment(customer: Customer, plan: Plan, card: PaymentMethod | None) -> None:
    if (plan.credit_limit or plan.included_credits) and unpaid.is_refused(customer.id):
        raise InvoiceUnpaid
    if not costs(plan):
        return
    if obstacles.is_tax_unknown():
        raise PlanUnavailable(
            "Tax is found out at the checkout here, which a plan does not pass: it cannot be sold."
        )
    tax.due(0, BillingProfile.objects.filter(customer=customer).first())
    if card is not None:
        _check_card(customer, card)
    elif plan.overage in (Overage.POST_PAID, Overage.TOP_UP):
        raise CardMissing


def _check_card(customer: Customer, card: PaymentMethod) -> None:
    if card.customer_id != customer.id or card.removed_at is not None:
        raise CardMissing("This card is not saved any more. Choose another one.")
    if card.provider not in settings.PAYMENT_PROVIDERS:
        raise CardMissing("This card cannot be charged any more. Save another one.")


def _check_change(
    subscription: Subscription, plan: Plan, begins: datetime, *, by_staff: bool
) -> None:
    if plan.state != PlanState.PUBLISHED and plan.pk != subscription.plan_id:
        raise PlanUnavailable
    if plan.code != subscription.plan.code:
        _check_once(subscription.customer, plan)
    until = subscription.committed_until
    if until is not None and until > begins and not by_staff:
        before = subscription.plan
        if plan.currency != before.currency or plan.commitment < before.commitment:
            raise ChangeRefused(
                f"The contract runs until {until:%-d %B %Y}: until then the plan can only be"
                " changed to one that commits to as much."
            )
    _check_payment(subscription.customer, plan, subscription.card)
