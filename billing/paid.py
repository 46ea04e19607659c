"""A purchase is paid: credits and money are entered together (E01, E03), once."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings

from billing import announced, documents, kept_cards, sold
from billing.facts import CheckoutEnded, Paid
from billing.models import (
    BillingProfile,
    Payment,
    Purchase,
    PurchaseState,
)
from billing.outcomes import OtherCurrency, Unfit
from billing.purchases import locked
from billing.returns import leg
from billing.shares import part_of
from billing.top_up import settling
from ledger import selectors, services


def paid(provider: str, fact: Paid) -> None:
    """Raises Unfit."""
    purchase = locked(fact.our_purchase)
    if purchase is None:
        raise Unfit("There is no such purchase.")
    _check_checkout(purchase, provider, fact.checkout_ref)
    payment = Payment.objects.filter(purchase=purchase).first()
    if payment is not None:
        _paid_before(payment, provider, fact)
        return
    _check(purchase, provider, fact)
    if purchase.tax_by_provider:
        purchase.tax = fact.tax or 0
        purchase.total = purchase.net + purchase.tax
    # Whose law holds for the lots depends on where the buyer is.
    _keep_buyer(purchase, fact)
    _enter(purchase, fact)
    kept_cards.keep(purchase.customer_id, provider, fact)
    settling.paid(purchase, fact.card)
    documents.issue_receipt(purchase)
    announced.of_purchase(purchase, "purchase.paid")


def ended(provider: str, fact: CheckoutEnded) -> None:
    """Raises Unfit. What was paid stays paid."""
    purchase = locked(fact.our_purchase)
    if purchase is None:
        raise Unfit("There is no such purchase.")
    if _is_another_of_its_checkouts(purchase, provider, fact.checkout_ref):
        return
    _check_checkout(purchase, provider, fact.checkout_ref)
    if purchase.state in (PurchaseState.PENDING, PurchaseState.FAILED):
        was, purchase.state = purchase.state, PurchaseState(fact.state)
        purchase.reason = fact.reason
        purchase.save(update_fields=["state", "reason"])
        if purchase.state == PurchaseState.FAILED != was:
            announced.of_purchase(purchase, "purchase.failed")


def _check(purchase: Purchase, provider: str, fact: Paid) -> None:
    expected = purchase.net + (fact.tax or 0) if purchase.tax_by_provider else purchase.total
    if fact.currency != purchase.currency:
        raise OtherCurrency(f"Paid in {fact.currency}, not in {purchase.currency}.")
    if fact.amount != expected:
        raise Unfit(f"Paid {fact.amount}, not {expected} minor units.")
    if Payment.objects.filter(provider=provider, provider_ref=fact.payment_ref).exists():
        raise Unfit("This payment is of another purchase.")


def _check_checkout(purchase: Purchase, provider: str, checkout_ref: str) -> None:
    """The provider may tell of a checkout before we have its answer that it was made."""
    if purchase.provider != provider or purchase.provider_ref not in (None, checkout_ref):
        raise Unfit("This checkout is not of this purchase.")
    if purchase.provider_ref is None:
        if Purchase.objects.filter(provider=provider, provider_ref=checkout_ref).exists():
            raise Unfit("This checkout is of another purchase.")
        purchase.provider_ref = checkout_ref
        purchase.save(update_fields=["provider_ref"])


def _is_another_of_its_checkouts(purchase: Purchase, provider: str, checkout_ref: str) -> bool:
    """One whose answer was lost, so that nobody could pay there: that it ends means nothing."""
    return purchase.provider == provider and purchase.provider_ref not in (None, checkout_ref)


def _paid_before(payment: Payment, provider: str, fact: Paid) -> None:
    if (payment.provider, payment.provider_ref) != (provider, fact.payment_ref):
        raise Unfit("The purchase was paid before, by another payment.")
    currency = payment.purchase.currency
    if (fact.amount, fact.currency) != (payment.amount, currency):
        before = f"{payment.amount} {currency}"
        raise Unfit(f"Paid {fact.amount} {fact.currency}, when it was {before} before.")
    if payment.fee is None and fact.fee is not None:
        payment.fee = fact.fee
        payment.save(update_fields=["fee"])
        _post_fee(payment)
        # Fee and card are found out by the same question.
        kept_cards.keep(payment.purchase.customer_id, provider, fact)


def _enter(purchase: Purchase, fact: Paid) -> None:
    lots = _grant(purchase)
    now = selectors.now()
    payment = Payment.objects.create(
        purchase=purchase,
        provider=purchase.provider,
        provider_ref=fact.payment_ref,
        amount=purchase.total,
        tax=purchase.tax,
        fee=fact.fee,
        lots=lots,
        paid_at=now,
    )
    _post_fee(payment)
    purchase.state = PurchaseState.PAID
    purchase.paid_at = now
    purchase.reason = ""
    purchase.save()


def _grant(purchase: Purchase) -> list[UUID]:
    """One lot, or two where the bonus has terms of its own (E03)."""
    tax = purchase.tax_on_use or purchase.tax
    if not purchase.has_own_bonus_lot:
        credits = purchase.credits + purchase.bonus_credits
        return [_lot(purchase, "paid", credits, purchase.validity_days, purchase.net, tax)]
    bonus_tax = part_of(tax, purchase.bonus_net, purchase.net)
    net, tax = purchase.net - purchase.bonus_net, tax - bonus_tax
    days = purchase.bonus_validity_days or purchase.validity_days
    return [
        _lot(purchase, "paid", purchase.credits, purchase.validity_days, net, tax),
        _lot(purchase, "bonus", purchase.bonus_credits, days, purchase.bonus_net, bonus_tax),
    ]


def _lot(purchase: Purchase, kind: str, credits: int, days: int, net: int, tax: int) -> UUID:
    now = selectors.now()
    terms, tax_on_use = sold.terms(purchase, net), purchase.tax_on_use > 0
    result = services.grant(
        purchase.customer_id,
        amount=credits,
        kind=kind,
        expires_at=now + timedelta(days=days),
        price=net,
        tax=tax,
        tax_on_use=tax_on_use,
        currency=purchase.currency,
        money=[
            leg(purchase.currency, "1000", "2100", net),
            leg(purchase.currency, "1000", "2200", 0 if tax_on_use else tax),
        ],
        cohort=terms.cohort,
        escheat_class=terms.escheat_class,
        refundable_until=now + timedelta(days=settings.REFUND_DAYS),
        document=purchase.name,
        reason=purchase.description,
        key=f"{kind} {purchase.name}",
    )
    assert result.lot_id
    return result.lot_id


def _post_fee(payment: Payment) -> None:
    if payment.fee:
        fee = leg(payment.purchase.currency, "6100", "1000", payment.fee)
        services.post(
            payment.purchase.customer_id,
            kind="payment fee",
            money=[fee],
            document=payment.purchase.name,
            key=f"fee {payment.purchase.name}",
        )


def _keep_buyer(purchase: Purchase, fact: Paid) -> None:
    """Who has an own address keeps it."""
    if fact.buyer is None:
        return
    profile = BillingProfile(customer=purchase.customer, **fact.buyer._asdict())
    BillingProfile.objects.bulk_create([profile], ignore_conflicts=True)
