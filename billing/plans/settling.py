"""How a charge of an invoice ended, once: with what told of it and what follows, in one database
transaction."""

from datetime import timedelta

from django.db import transaction

from accounts import ids, services
from accounts.errors import InvalidId
from billing import kept_cards
from billing.facts import CheckoutEnded, Paid
from billing.models import (
    ChargeState,
    Invoice,
    InvoiceCharge,
    InvoiceState,
    OnFailure,
    PaymentMethod,
    Subscription,
)
from billing.models.plans import CHARGE
from billing.outcomes import OtherCurrency, Unfit
from billing.plans import included, leaving, subscribing, telling, turning
from billing.returns import leg
from billing.top_up import cards, suspending
from ledger import selectors
from ledger import services as ledger


def is_ours(name: str) -> bool:
    return name.startswith(f"{CHARGE}_")


def paid(provider: str, fact: Paid) -> None:
    """Raises Unfit."""
    charge = _locked(fact.our_purchase)
    invoice = charge.invoice
    if charge.provider != provider or charge.provider_ref not in (None, fact.checkout_ref):
        raise Unfit("This payment is not of this invoice.")
    if invoice.state == InvoiceState.PAID:
        _paid_before(invoice, provider, fact)
        return
    _check(invoice, provider, fact)
    charge.state, charge.reason = ChargeState.PAID, ""
    charge.provider_ref = fact.checkout_ref
    charge.save(update_fields=["state", "reason", "provider_ref"])
    _enter(invoice, provider, fact)
    kept_cards.keep(invoice.customer_id, provider, fact)
    _use_card(invoice.subscription, charge, provider, fact)
    _open(invoice)
    telling.invoice_paid(invoice)


def ended(provider: str, fact: CheckoutEnded) -> None:
    """Without payment: a page on which nobody can pay any more, or a card that a bank said no to
    late. Raises Unfit."""
    charge = _locked(fact.our_purchase)
    if charge.provider != provider:
        raise Unfit("This checkout is not of this invoice.")
    if charge.card_id is not None:
        _fail(charge.invoice, charge, fact.reason or "The payment failed.", ChargeState.FAILED)
    elif not fact.is_open and charge.state == ChargeState.CHARGING:
        charge.state, charge.reason = ChargeState.GIVEN_UP, fact.reason
        charge.save(update_fields=["state", "reason"])


def failed(
    invoice: Invoice,
    charge: InvoiceCharge | None,
    reason: str,
    *,
    state: ChargeState = ChargeState.FAILED,
) -> None:
    """Unless it was paid meanwhile. It is tried again by the plan's days; then its consequence
    follows."""
    with transaction.atomic():
        turning.locked(invoice.subscription_id)
        _fail(_locked_invoice(invoice), charge, reason, state)


def _fail(invoice: Invoice, charge: InvoiceCharge | None, reason: str, state: ChargeState) -> None:
    if charge is not None:
        charging = InvoiceCharge.objects.filter(id=charge.id, state=ChargeState.CHARGING)
        if not charging.update(state=state, reason=reason):
            return
    if invoice.state != InvoiceState.DUE:
        return
    plan, now = invoice.subscription.plan, selectors.now()
    invoice.failures += 1
    invoice.reason = reason
    if invoice.failures <= len(plan.retry_days):
        invoice.due_at = now + timedelta(days=plan.retry_days[invoice.failures - 1])
    else:
        invoice.state, invoice.due_at = InvoiceState.FAILED, None
    invoice.save(update_fields=["failures", "reason", "due_at", "state"])
    telling.invoice_failed(invoice)
    if invoice.state == InvoiceState.FAILED:
        _follow(invoice)


def _follow(invoice: Invoice) -> None:
    """What the plan says of those who do not pay."""
    subscription = turning.locked(invoice.subscription_id)
    plan = subscription.plan
    if plan.on_failure == OnFailure.SUSPEND_KEYS:
        if services.suspend_keys(invoice.customer_id):
            telling.keys_suspended(invoice)
    elif plan.on_failure == OnFailure.FALL_BACK and subscription.is_active:
        assert plan.fallback is not None
        subscribing.fall_back(subscription, turning.current(plan.fallback))


def _locked(name: str) -> InvoiceCharge:
    """With its invoice and its subscription. Raises Unfit."""
    try:
        found = InvoiceCharge.objects.filter(id=ids.decode(CHARGE, name))
    except InvalidId:
        raise Unfit("There is no such charge.") from None
    charge = found.select_related("invoice").first()
    if charge is None:
        raise Unfit("There is no such charge.")
    turning.locked(charge.invoice.subscription_id)
    invoice = _locked_invoice(charge.invoice)
    charge = InvoiceCharge.objects.select_for_update().get(id=charge.id)
    charge.invoice = invoice
    return charge


def _locked_invoice(invoice: Invoice) -> Invoice:
    found = Invoice.objects.select_related("subscription__plan__fallback", "customer", "document")
    return found.select_for_update(of=("self",)).get(id=invoice.id)


def _check(invoice: Invoice, provider: str, fact: Paid) -> None:
    if fact.currency != invoice.currency:
        raise OtherCurrency(f"Paid in {fact.currency}, not in {invoice.currency}.")
    if fact.amount != invoice.total:
        raise Unfit(f"Paid {fact.amount}, not {invoice.total} minor units.")
    if Invoice.objects.filter(provider=provider, provider_ref=fact.payment_ref).exists():
        raise Unfit("This payment is of another invoice.")


def _paid_before(invoice: Invoice, provider: str, fact: Paid) -> None:
    if (invoice.provider, invoice.provider_ref) != (provider, fact.payment_ref):
        raise Unfit("The invoice was paid before, by another payment: give this one back.")
    if (fact.amount, fact.currency) != (invoice.total, invoice.currency):
        raise Unfit(f"Paid {fact.amount} {fact.currency}, when it was {invoice.total} before.")
    if invoice.provider_fee is None and fact.fee is not None:
        invoice.provider_fee = fact.fee
        invoice.save(update_fields=["provider_fee"])
        _post_fee(invoice)
        kept_cards.keep(invoice.customer_id, provider, fact)


def _enter(invoice: Invoice, provider: str, fact: Paid) -> None:
    invoice.state, invoice.paid_at, invoice.due_at = InvoiceState.PAID, selectors.now(), None
    invoice.provider, invoice.provider_ref = provider, fact.payment_ref
    invoice.provider_fee, invoice.reason = fact.fee, ""
    invoice.save()
    ledger.post(
        invoice.customer_id,
        kind="invoice paid",
        money=[leg(invoice.currency, "1000", "1100", invoice.total)],
        document=invoice.name,
        key=f"paid {invoice.name}",
    )
    _post_fee(invoice)


def _post_fee(invoice: Invoice) -> None:
    if invoice.provider_fee:
        ledger.post(
            invoice.customer_id,
            kind="payment fee",
            money=[leg(invoice.currency, "6100", "1000", invoice.provider_fee)],
            document=invoice.name,
            key=f"fee {invoice.name}",
        )


def _use_card(subscription: Subscription, charge: InvoiceCharge, provider: str, fact: Paid) -> None:
    """A card that pays on the page is the one to be charged from now on."""
    used = charge.card
    if used is None and fact.card is not None:
        used = PaymentMethod.objects.filter(provider=provider, ref=fact.card.ref).first()
    if used is not None:
        cards.paid(used)
        if charge.card_id is None:
            Subscription.objects.filter(id=subscription.id).update(card=used)


def _open(invoice: Invoice) -> None:
    """What waited for the payment: the first credits, the credit limit, and the keys."""
    subscription = turning.locked(invoice.subscription_id)
    included.give_with(invoice, subscription)
    if subscription.is_active:
        leaving.go_on(subscription)
    suspending.look_at(invoice.customer_id)
