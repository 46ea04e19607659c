"""Stripe Checkout. Where the API is, and the secrets, come from the environment."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe
from django.conf import settings

from billing.errors import ProviderDeclined, ProviderFailed, WebhookRefused
from billing.facts import Card, CheckoutEnded, Disputed, Fact, Paid, Refunded, RefundTotal
from billing.providers.base import AGE_MAX_SECONDS, Checkout, Event, Order

TIMEOUT_SECONDS = 20
# A checkout may be paid so long after it was made.
PAID_WITHIN = timedelta(days=1)
_ENDED = {"checkout.session.expired": "expired", "checkout.session.async_payment_failed": "failed"}
_PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_REFUND_STATES = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}


class Stripe:
    name = "stripe"

    def create_checkout(self, order: Order) -> Checkout:
        with _asking():
            session = _client().v1.checkout.sessions.create(
                params=_session(order), options={"idempotency_key": order.our_purchase}
            )
        return Checkout(session.id, session.url or "")

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> Event:
        header = headers.get("Stripe-Signature", "")
        try:
            stripe.WebhookSignature.verify_header(
                body.decode(), header, settings.STRIPE_WEBHOOK_SECRET, AGE_MAX_SECONDS
            )
            said = json.loads(body)
            about = said["data"]["object"]
            at = datetime.fromtimestamp(said["created"], UTC)
            return Event(said["id"], said["type"], about.get("id", ""), _payment(about), at, said)
        except stripe.SignatureVerificationError as error:
            raise WebhookRefused("The signature is not Stripe's, or too old.") from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise WebhookRefused("The body is no event.") from error

    def fact(self, payload: Mapping[str, Any]) -> Fact | None:
        kind, about = payload["type"], payload["data"]["object"]
        if kind in _PAID:
            return _paid(about)
        if kind in _ENDED:
            return _ended(about, _ENDED[kind])
        if kind == "charge.refunded":
            currency = about["currency"].upper()
            return RefundTotal(_payment(about), about["amount_refunded"], currency)
        if kind.startswith("refund.") or kind == "charge.refund.updated":
            return _refunded(about)
        return _disputed(about) if kind.startswith("charge.dispute.") else None

    def enrich(self, fact: Fact) -> Fact:
        """Events of checkouts tell neither the fee nor the card."""
        if not isinstance(fact, Paid) or fact.fee is not None:
            return fact
        with _asking():
            intent = _client().v1.payment_intents.retrieve(
                fact.payment_ref,
                params={"expand": ["latest_charge.balance_transaction", "payment_method"]},
            )
        found = intent.to_dict()
        return fact._replace(fee=_fee(found, fact.currency), card=_card(found))

    def checkout_facts(self, checkout_ref: str) -> list[Fact]:
        with _asking():
            session = _client().v1.checkout.sessions.retrieve(checkout_ref).to_dict()
        ended = _ended(session, "expired") if session["status"] == "expired" else None
        return [fact for fact in (_paid(session) or ended,) if fact]

    def dispute(self, dispute_ref: str) -> Disputed:
        with _asking():
            found = _disputed(_client().v1.disputes.retrieve(dispute_ref).to_dict())
        if found is None:
            raise ProviderFailed("The dispute is an inquiry only.")
        return found

    def facts_since(self, since: datetime) -> Iterator[Fact]:
        client = _client().v1
        at, before = int(since.timestamp()), int((since - PAID_WITHIN).timestamp())
        with _asking():
            sessions = client.checkout.sessions.list(
                params={"created": {"gte": before}, "limit": 100}
            )
            for session in sessions.auto_paging_iter():
                yield from _some(_paid(session.to_dict()))
            refunds = client.refunds.list(params={"created": {"gte": at}, "limit": 100})
            for refund in refunds.auto_paging_iter():
                yield from _some(_refunded(refund.to_dict()))
            disputes = client.disputes.list(params={"created": {"gte": at}, "limit": 100})
            for dispute in disputes.auto_paging_iter():
                yield from _some(_disputed(dispute.to_dict()))

    def refund(self, *, payment_ref: str, amount: int, currency: str, our_refund: str) -> Refunded:
        with _asking():
            made = _client().v1.refunds.create(
                params={
                    "payment_intent": payment_ref,
                    "amount": amount,
                    "metadata": {"refund": our_refund},
                },
                options={"idempotency_key": our_refund},
            )
        return _refunded(made.to_dict())


def _client() -> stripe.StripeClient:
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses={"api": settings.STRIPE_API_BASE},
        max_network_retries=2,
        http_client=stripe.HTTPXClient(timeout=TIMEOUT_SECONDS, allow_sync_methods=True),
    )


@contextmanager
def _asking() -> Iterator[None]:
    """Raises ProviderFailed, ProviderDeclined."""
    try:
        yield
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise ProviderDeclined(error.user_message or str(error)) from error
    except stripe.StripeError as error:
        raise ProviderFailed(str(error)) from error


def _session(order: Order) -> Any:
    named = {"purchase": order.our_purchase}
    lines = [_line(order.description, order.net, order)]
    if order.tax:
        lines.append(_line(order.tax_name or "Tax", order.tax, order))
    session: dict[str, Any] = {
        "mode": "payment",
        "client_reference_id": order.our_purchase,
        "metadata": named,
        "payment_intent_data": {"metadata": named},
        "line_items": lines,
        "success_url": order.return_url,
        "cancel_url": order.cancel_url,
        "expires_at": int(order.expires_at.timestamp()),
        "saved_payment_method_options": {"payment_method_save": "enabled"},
    }
    if order.tax_by_provider:
        session["automatic_tax"] = {"enabled": True}
    if order.customer_ref:
        session["customer"] = order.customer_ref
    else:
        session["customer_creation"] = "always"
        if order.email:
            session["customer_email"] = order.email
    return session


def _line(text: str, amount: int, order: Order) -> dict[str, Any]:
    price: dict[str, Any] = {
        "currency": order.currency.lower(),
        "unit_amount": amount,
        "product_data": {"name": text},
    }
    if order.tax_by_provider:
        price["tax_behavior"] = "exclusive"
    return {"quantity": 1, "price_data": price}


def _paid(session: Mapping[str, Any]) -> Paid | None:
    """None while it is not, as with bank debits."""
    if session["payment_status"] != "paid":
        return None
    totals = session.get("total_details") or {}
    has_own_tax = (session.get("automatic_tax") or {}).get("enabled")
    return Paid(
        our_purchase=_purchase(session),
        checkout_ref=session["id"],
        payment_ref=_payment(session),
        amount=session["amount_total"],
        currency=session["currency"].upper(),
        tax=totals.get("amount_tax") if has_own_tax else None,
        customer_ref=_id(session.get("customer")) or None,
    )


def _ended(session: Mapping[str, Any], state: str) -> CheckoutEnded:
    reason = "The payment failed." if state == "failed" else ""
    return CheckoutEnded(_purchase(session), session["id"], state, reason, _payment(session))


def _refunded(refund: Mapping[str, Any]) -> Refunded:
    return Refunded(
        payment_ref=_payment(refund),
        refund_ref=refund["id"],
        amount=refund["amount"],
        currency=refund["currency"].upper(),
        state=_REFUND_STATES.get(refund["status"] or "", "pending"),
        our_refund=(refund.get("metadata") or {}).get("refund", ""),
        reason=refund.get("failure_reason") or "",
    )


def _disputed(dispute: Mapping[str, Any]) -> Disputed | None:
    """None for an inquiry: no money was taken."""
    status = dispute["status"]
    if status.startswith("warning"):
        return None
    moves = dispute.get("balance_transactions") or []
    return Disputed(
        payment_ref=_payment(dispute),
        dispute_ref=dispute["id"],
        amount=dispute["amount"],
        currency=dispute["currency"].upper(),
        state=status if status in ("won", "lost") else "open",
        fee=sum(move["fee"] for move in moves if move["fee"] > 0),
        fee_returned=-sum(move["fee"] for move in moves if move["fee"] < 0),
        reason=dispute.get("reason") or "",
    )


def _fee(intent: Mapping[str, Any], currency: str) -> int | None:
    """Fees are in the currency of the account; one in another is no entry of this customer."""
    moved = (intent.get("latest_charge") or {}).get("balance_transaction") or {}
    return moved["fee"] if moved.get("currency", "").upper() == currency else None


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


def _purchase(session: Mapping[str, Any]) -> str:
    named: str = session.get("client_reference_id") or ""
    return named or (session.get("metadata") or {}).get("purchase", "")


def _payment(about: Mapping[str, Any]) -> str:
    return _id(about.get("payment_intent"))


def _id(found: Any) -> str:
    """A reference may be spelt out."""
    return found["id"] if isinstance(found, Mapping) else found or ""


def _some(fact: Fact | None) -> list[Fact]:
    return [fact] if fact else []
