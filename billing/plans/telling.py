"""Events of subscriptions and invoices, and mails to those who can pay, in the current database
transaction."""

from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from accounts.models import Member
from accounts.permissions import RIGHTS, Right
from billing import mails, shown
from billing.models import Invoice, InvoiceState, OnFailure, Plan, Subscription
from ledger import outbox
from ledger.models import Event

# Why keys are suspended, or were.
OWED: Final = "payment_owed"


def was_told_of(customer_id: UUID, plan: Plan) -> bool:
    """Whether the customer was on any version of it before: events stay."""
    kinds = ("subscription.started", "subscription.changed")
    told = Event.objects.filter(customer=customer_id, kind__in=kinds, data__plan=plan.code)
    return told.exists()


def started(subscription: Subscription) -> None:
    _tell_of_subscription(subscription, "subscription.started")


def changed(subscription: Subscription, before: Plan) -> None:
    _tell_of_subscription(subscription, "subscription.changed", previous_plan=before.code)


def cancelled(subscription: Subscription) -> None:
    _tell_of_subscription(subscription, "subscription.cancelled")


def resumed(subscription: Subscription) -> None:
    _tell_of_subscription(subscription, "subscription.resumed")


def ended(subscription: Subscription) -> None:
    _tell_of_subscription(subscription, "subscription.ended")


def invoice_created(invoice: Invoice) -> None:
    _tell_of_invoice(invoice, "invoice.created")


def invoice_paid(invoice: Invoice) -> None:
    _tell_of_invoice(invoice, "invoice.paid")


def invoice_failed(invoice: Invoice) -> None:
    """The first failure is mailed, and the last, with what follows."""
    is_last = invoice.state == InvoiceState.FAILED
    _tell_of_invoice(
        invoice,
        "invoice.failed",
        reason=invoice.reason,
        retry_at=None if is_last else _due(invoice),
    )
    if is_last or invoice.failures == 1:
        _mail(invoice, "plan_invoice_given_up" if is_last else "plan_invoice_failed")


def keys_suspended(invoice: Invoice) -> None:
    outbox.tell(invoice.customer_id, "keys.suspended", None, {"reason": OWED})


def consequence(plan: Plan) -> str:
    """What follows when nobody pays, as a sentence."""
    if plan.on_failure == OnFailure.SUSPEND_KEYS:
        return "Your keys are suspended until it is paid."
    if plan.on_failure == OnFailure.FALL_BACK:
        return f"Your plan is {plan.fallback.name if plan.fallback else 'another one'} from now on."
    return "Nothing else changes, and it stays open."


def _due(invoice: Invoice) -> str | None:
    return invoice.due_at.isoformat() if invoice.due_at else None


def _tell_of_subscription(subscription: Subscription, kind: str, **more: Any) -> None:
    told = {
        "plan": subscription.plan.code,
        "version": subscription.plan.version,
        "next_plan": subscription.next_plan.code if subscription.next_plan else None,
        "period_start": subscription.period_start.isoformat(),
        "period_end": subscription.period_end.isoformat(),
        "ends_at": subscription.ends_at.isoformat() if subscription.ends_at else None,
    }
    outbox.tell(subscription.customer_id, kind, str(subscription.id), told | more)


def _tell_of_invoice(invoice: Invoice, kind: str, **more: Any) -> None:
    told = {
        "subscription": invoice.subscription.name,
        "number": invoice.document.name,
        "amount": invoice.total,
        "currency": invoice.currency,
    }
    outbox.tell(invoice.customer_id, kind, str(invoice.id), told | more)


def _mail(invoice: Invoice, template: str) -> None:
    subscription = invoice.subscription
    mails.write(
        template,
        f"{invoice.id} {invoice.failures}",
        to=_payers(invoice),
        template=template,
        context={
            "company": invoice.customer.name,
            "plan": subscription.plan.name,
            "number": invoice.document.name,
            "amount": shown.money(invoice.total, invoice.currency),
            "reason": invoice.reason,
            "retry_at": invoice.due_at,
            "follows": consequence(subscription.plan),
            "page": reverse("plan"),
        },
        customer_id=invoice.customer_id,
    )


def _payers(invoice: Invoice) -> list[str]:
    """Whoever may buy can mend it."""
    roles = [role for role, rights in RIGHTS.items() if Right.BUY in rights]
    members = Member.objects.filter(
        customer=invoice.customer_id, role__in=roles, user__is_active=True
    )
    return list(members.order_by("user__email").values_list("user__email", flat=True))
