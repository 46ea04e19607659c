"""What Stripe says, in our words: its objects, as events, answers and lists have them."""

import re
from collections.abc import Mapping
from typing import Any

from billing.facts import Buyer, Card, CheckoutEnded, Disputed, Fact, Paid, Refunded, RefundTotal

_ENDED = {"checkout.session.expired": "expired", "checkout.session.async_payment_failed": "failed"}
_PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_COUNTRY = re.compile("[A-Z]{2}")
_REFUND_STATES = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}


def event(payload: Mapping[str, Any]) -> Fact | None:
    """None for kinds that mean nothing here, and for what is sold by others on the same account."""
    kind, about = payload["type"], payload["data"]["object"]
    if kind in _PAID:
        return paid(about)
    if kind in _ENDED:
        return ended(about, _ENDED[kind]) if _purchase(about) else None
    if kind == "payment_intent.succeeded":
        return charged(about)
    if kind == "payment_intent.payment_failed":
        return charge_failed(about)
    if kind == "charge.refunded" and _purchase(about):
        currency = about["currency"].upper()
        return RefundTotal(payment_of(about), about["amount_refunded"], currency)
    if kind.startswith("refund.") or kind == "charge.refund.updated":
        return refunded(about)
    return disputed(about) if kind.startswith("charge.dispute.") else None


def paid(session: Mapping[str, Any]) -> Paid | None:
    """None while it is not, as with bank debits."""
    if session["payment_status"] != "paid" or not _purchase(session):
        return None
    totals = session.get("total_details") or {}
    has_own_tax = (session.get("automatic_tax") or {}).get("enabled")
    fact = Paid(
        our_purchase=_purchase(session),
        checkout_ref=session["id"],
        payment_ref=payment_of(session),
        amount=session["amount_total"],
        currency=session["currency"].upper(),
        tax=totals.get("amount_tax") if has_own_tax else None,
        customer_ref=_id(session.get("customer")) or None,
        buyer=_buyer(session.get("customer_details") or {}) if has_own_tax else None,
    )
    intent = session.get("payment_intent")
    return with_intent(fact, intent) if isinstance(intent, Mapping) else fact


def with_intent(fact: Paid, intent: Mapping[str, Any]) -> Paid:
    """With what sessions leave out: the fee and the card."""
    return fact._replace(fee=_fee(intent, fact.currency), card=_card(intent))


def ended(session: Mapping[str, Any], state: str) -> CheckoutEnded:
    reason = "The payment failed." if state == "failed" else ""
    return CheckoutEnded(_purchase(session), session["id"], state, reason, payment_of(session))


def is_complete_unpaid(session: Mapping[str, Any]) -> bool:
    """As with bank debits, while they are under way and when they have failed."""
    is_unpaid = session["status"] == "complete" and session["payment_status"] == "unpaid"
    return is_unpaid and bool(payment_of(session))


def debit_failed(session: Mapping[str, Any], intent: Mapping[str, Any]) -> CheckoutEnded | None:
    """None while it is under way. Nobody can try again on a page that is complete."""
    has_failed = intent["status"] in ("requires_payment_method", "canceled")
    return ended(session, "failed") if has_failed else None


def charged(intent: Mapping[str, Any]) -> Paid | None:
    """Of a saved card. Of a checkout, its session tells."""
    if intent["status"] != "succeeded" or not _is_of_saved_card(intent):
        return None
    currency = intent["currency"].upper()
    return Paid(
        our_purchase=_purchase(intent),
        checkout_ref=intent["id"],
        payment_ref=intent["id"],
        amount=intent["amount_received"],
        currency=currency,
        fee=_fee(intent, currency),
        customer_ref=_id(intent.get("customer")) or None,
    )


def is_under_way(intent: Mapping[str, Any], our_purchase: str) -> bool:
    return intent["status"] == "processing" and _purchase(intent) == our_purchase


def charge_failed(intent: Mapping[str, Any]) -> CheckoutEnded | None:
    if not _is_of_saved_card(intent):
        return None
    said = intent.get("last_payment_error") or {}
    reason = said.get("message") or "The payment failed."
    return CheckoutEnded(_purchase(intent), intent["id"], "failed", reason, intent["id"])


def refunded(refund: Mapping[str, Any]) -> Refunded:
    return Refunded(
        payment_ref=payment_of(refund),
        refund_ref=refund["id"],
        amount=refund["amount"],
        currency=refund["currency"].upper(),
        state=_REFUND_STATES.get(refund["status"] or "", "pending"),
        our_refund=refund_name(refund),
        reason=refund.get("failure_reason") or "",
    )


def refund_name(refund: Mapping[str, Any]) -> str:
    name: str = (refund.get("metadata") or {}).get("refund", "")
    return name


def disputed(dispute: Mapping[str, Any]) -> Disputed | None:
    """None for an inquiry: no money was taken."""
    status = dispute["status"]
    if status.startswith("warning"):
        return None
    fees = [
        move["fee"]
        for move in dispute.get("balance_transactions") or []
        if move["currency"] == dispute["currency"]
    ]
    return Disputed(
        payment_ref=payment_of(dispute),
        dispute_ref=dispute["id"],
        amount=dispute["amount"],
        currency=dispute["currency"].upper(),
        state=status if status in ("won", "lost") else "open",
        fee=sum(fee for fee in fees if fee > 0),
        fee_returned=-sum(fee for fee in fees if fee < 0),
        reason=dispute.get("reason") or "",
    )


def payment_of(about: Mapping[str, Any]) -> str:
    """A payment intent's own events are of itself."""
    if about.get("object") == "payment_intent":
        return about["id"] if _is_of_saved_card(about) else ""
    return _id(about.get("payment_intent"))


def _buyer(details: Mapping[str, Any]) -> Buyer:
    """As much as there is room for."""
    address = details.get("address") or {}
    ids = [one.get("value") or "" for one in details.get("tax_ids") or []]
    region, country = address.get("state") or "", address.get("country") or ""
    return Buyer(
        name=(details.get("name") or "")[:200],
        line1=(address.get("line1") or "")[:200],
        line2=(address.get("line2") or "")[:200],
        postal_code=(address.get("postal_code") or "")[:20],
        city=(address.get("city") or "")[:100],
        region=region if len(region) <= 10 else "",
        country=country if _COUNTRY.fullmatch(country) else "",
        tax_id=ids[0][:50] if ids else "",
    )


def _fee(intent: Mapping[str, Any], currency: str) -> int | None:
    """None while it is not known. Fees are in the currency of the account at Stripe: one in another
    is no entry of this customer."""
    charge = intent.get("latest_charge") or {}
    moved = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
    if not isinstance(moved, Mapping):
        return None
    return moved["fee"] if moved["currency"].upper() == currency else 0


def _card(intent: Mapping[str, Any]) -> Card | None:
    """One that was attached to the customer is one that may be kept."""
    method = intent.get("payment_method") or {}
    if isinstance(method, str) or not method.get("customer"):
        return None
    card = method.get("card") or {}
    return Card(
        ref=method["id"],
        brand=card.get("brand") or method.get("type", ""),
        last4=card.get("last4") or "",
        exp_month=card.get("exp_month"),
        exp_year=card.get("exp_year"),
    )


def _is_of_saved_card(intent: Mapping[str, Any]) -> bool:
    return (intent.get("metadata") or {}).get("saved") == "yes"


def _purchase(about: Mapping[str, Any]) -> str:
    named: str = about.get("client_reference_id") or ""
    return named or (about.get("metadata") or {}).get("purchase", "")


def _id(found: Any) -> str:
    """A reference may be spelt out."""
    return found["id"] if isinstance(found, Mapping) else found or ""
