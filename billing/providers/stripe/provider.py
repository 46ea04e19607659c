"""Stripe Checkout. Where the API is, and the secrets, come from the environment."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import stripe
from django.conf import settings

from billing.errors import ProviderFailed, WebhookRefused
from billing.facts import Disputed, Fact, Paid, Refunded
from billing.providers.base import AGE_MAX_SECONDS, Charge, Checkout, Event, Order
from billing.providers.stripe import orders, reading
from billing.providers.stripe.asking import asking, client

# A checkout may be paid so long after it was made: bank debits take their time.
PAID_WITHIN = timedelta(days=14)
PAGE = 100
_INTENT = ["latest_charge.balance_transaction", "payment_method"]


class Stripe:
    name = "stripe"
    signature = "Stripe-Signature"

    def create_checkout(self, order: Order) -> Checkout:
        asked = orders.session(order)
        with asking():
            session = client().v1.checkout.sessions.create(
                params=cast("Any", asked), options={"idempotency_key": orders.key(order, asked)}
            )
        return Checkout(session.id, session.url or "")

    def close_checkout(self, checkout_ref: str) -> None:
        with asking():
            client().v1.checkout.sessions.expire(checkout_ref)

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> Event:
        header, secret = headers.get(self.signature, ""), settings.STRIPE_WEBHOOK_SECRET
        try:
            stripe.Webhook.construct_event(body, header, secret, AGE_MAX_SECONDS)
            # As it was said: the library makes other types of some values.
            said = json.loads(body)
            about = said["data"]["object"]
            at, payment = datetime.fromtimestamp(said["created"], UTC), reading.payment_of(about)
            return Event(said["id"], said["type"], about.get("id", ""), payment, at, said)
        except stripe.SignatureVerificationError as error:
            raise WebhookRefused("The signature is not Stripe's, or too old.") from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise WebhookRefused("The body is no event.") from error

    def fact(self, payload: Mapping[str, Any]) -> Fact | None:
        return reading.event(payload)

    def enrich(self, fact: Fact) -> Fact:
        """Events of checkouts tell neither the fee nor the card."""
        if not isinstance(fact, Paid) or fact.fee is not None:
            return fact
        with asking():
            intent = client().v1.payment_intents.retrieve(
                fact.payment_ref, params={"expand": _INTENT}
            )
        return reading.with_intent(fact, intent.to_dict())

    def checkout_facts(self, checkout_ref: str) -> list[Fact]:
        with asking():
            if checkout_ref.startswith("pi_"):
                intent = client().v1.payment_intents.retrieve(checkout_ref).to_dict()
                return _some(reading.charged(intent))
            session = client().v1.checkout.sessions.retrieve(checkout_ref).to_dict()
            if reading.is_complete_unpaid(session):
                payment = reading.payment_of(session)
                intent = client().v1.payment_intents.retrieve(payment).to_dict()
                return _some(reading.debit_failed(session, intent))
        ended = reading.ended(session, "expired") if session["status"] == "expired" else None
        return _some(reading.paid(session) or ended)

    def dispute(self, dispute_ref: str) -> Disputed:
        with asking():
            found = reading.disputed(client().v1.disputes.retrieve(dispute_ref).to_dict())
        if found is None:
            raise ProviderFailed("The dispute is an inquiry only.")
        return found

    def facts_since(self, since: datetime) -> Iterator[Fact]:
        with asking():
            for session in _sessions(since - PAID_WITHIN):
                yield from _some(reading.paid(session))
            for intent in _intents(since):
                yield from _some(reading.charged(intent))
            for refund in _refunds(since):
                yield reading.refunded(refund)
            for dispute in _disputes(since):
                yield from _some(reading.disputed(dispute))

    def failed_refunds_since(self, since: datetime) -> Iterator[Refunded]:
        with asking():
            found = (reading.refunded(refund) for refund in _refunds(since))
            yield from (refund for refund in found if refund.state == "failed")

    def refund(self, *, payment_ref: str, amount: int, currency: str, our_refund: str) -> Refunded:
        """Stripe forgets an idempotency key after a day, so what was made before is looked for."""
        with asking():
            made = _refund_named(payment_ref, our_refund)
            if made is None:
                answer = client().v1.refunds.create(
                    params={
                        "payment_intent": payment_ref,
                        "amount": amount,
                        "metadata": {"refund": our_refund},
                    },
                    options={"idempotency_key": our_refund},
                )
                made = answer.to_dict()
        return reading.refunded(made)

    def charge_saved(self, charge: Charge) -> Paid | None:
        asked = cast("Any", orders.charge(charge))
        with asking():
            intent = client().v1.payment_intents.create(
                params=asked, options={"idempotency_key": charge.our_purchase}
            )
        return reading.charged(intent.to_dict())

    def is_under_way(self, our_purchase: str, since: datetime) -> bool:
        with asking():
            return any(reading.is_under_way(intent, our_purchase) for intent in _intents(since))

    def forget_card(self, card_ref: str) -> None:
        with asking():
            client().v1.payment_methods.detach(card_ref)


def _sessions(since: datetime) -> Iterator[dict[str, Any]]:
    expand = [f"data.payment_intent.{name}" for name in _INTENT]
    found = client().v1.checkout.sessions.list(
        params={"created": {"gte": int(since.timestamp())}, "limit": PAGE, "expand": expand}
    )
    return (one.to_dict() for one in found.auto_paging_iter())


def _intents(since: datetime) -> Iterator[dict[str, Any]]:
    expand = [f"data.{_INTENT[0]}"]
    found = client().v1.payment_intents.list(
        params={"created": {"gte": int(since.timestamp())}, "limit": PAGE, "expand": expand}
    )
    return (one.to_dict() for one in found.auto_paging_iter())


def _refunds(since: datetime) -> Iterator[dict[str, Any]]:
    found = client().v1.refunds.list(
        params={"created": {"gte": int(since.timestamp())}, "limit": PAGE}
    )
    return (one.to_dict() for one in found.auto_paging_iter())


def _disputes(since: datetime) -> Iterator[dict[str, Any]]:
    found = client().v1.disputes.list(
        params={"created": {"gte": int(since.timestamp())}, "limit": PAGE}
    )
    return (one.to_dict() for one in found.auto_paging_iter())


def _refund_named(payment_ref: str, our_refund: str) -> dict[str, Any] | None:
    found = client().v1.refunds.list(params={"payment_intent": payment_ref, "limit": PAGE})
    known = (one.to_dict() for one in found.auto_paging_iter())
    return next((one for one in known if reading.refund_name(one) == our_refund), None)


def _some(fact: Fact | None) -> list[Fact]:
    return [fact] if fact else []
