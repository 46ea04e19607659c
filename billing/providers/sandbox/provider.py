"""The built-in test provider: no money moves, and everything else happens as with a real one."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from billing.errors import ProviderDeclined, ProviderFailed
from billing.facts import Card, CheckoutEnded, Disputed, Fact, Paid, Refunded
from billing.models import SandboxCheckout, SandboxDispute, SandboxRefund
from billing.providers import signatures
from billing.providers.base import Charge, Checkout, Event, Order
from billing.providers.sandbox import acts, delivery


class Sandbox:
    name = "test"
    signature = delivery.HEADER

    def create_checkout(self, order: Order) -> Checkout:
        made = _checkout(
            order.our_purchase,
            customer_ref=order.customer_ref or f"tcu_{order.our_customer}",
            description=order.description,
            amount=order.total,
            currency=order.currency,
            return_url=order.return_url,
            cancel_url=order.cancel_url,
            expires_at=order.expires_at,
            saves_card=order.save_card,
        )
        path = reverse("test-provider", args=[made.ref])
        return Checkout(made.ref, settings.PUBLIC_URL.rstrip("/") + path)

    def close_checkout(self, checkout_ref: str) -> None:
        acts.shut(checkout_ref)

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> Event:
        signatures.check(body, headers.get(delivery.HEADER, ""), delivery.secret())
        said = json.loads(body)
        about = said["data"]
        at = datetime.fromtimestamp(said["created"], UTC)
        return Event(
            said["id"], said["type"], about.get("id", ""), about.get("payment", ""), at, said
        )

    def fact(self, payload: Mapping[str, Any]) -> Fact | None:
        kind, about = payload["type"], payload["data"]
        if kind == "checkout.paid":
            return _paid(about)
        if kind in ("checkout.failed", "checkout.expired"):
            state = kind.removeprefix("checkout.")
            ended = CheckoutEnded(about["purchase"], about["id"], state, about.get("reason", ""))
            return ended._replace(is_open=about.get("state") == "open")
        if kind.startswith("refund."):
            return _refunded(about)
        return _disputed(about) if kind.startswith("dispute.") else None

    def enrich(self, fact: Fact) -> Fact:
        return fact

    def checkout_facts(self, checkout_ref: str) -> list[Fact]:
        checkout = SandboxCheckout.objects.filter(ref=checkout_ref).first()
        if checkout is None:
            raise ProviderFailed("There is no such checkout.")
        if checkout.state in ("expired", "closed"):
            return [CheckoutEnded(checkout.purchase_ref, checkout.ref, "expired")]
        return [_paid(acts.shown_checkout(checkout))] if checkout.state == "paid" else []

    def dispute(self, dispute_ref: str) -> Disputed:
        made = SandboxDispute.objects.filter(ref=dispute_ref).first()
        if made is None:
            raise ProviderFailed("There is no such dispute.")
        return _disputed(acts.shown_dispute(made))

    def facts_since(self, since: datetime) -> Iterator[Fact]:
        for checkout in SandboxCheckout.objects.filter(paid_at__gte=since).order_by("paid_at"):
            yield _paid(acts.shown_checkout(checkout))
        refunds = SandboxRefund.objects.filter(created_at__gte=since).select_related("checkout")
        for refund in refunds.order_by("created_at"):
            yield _refunded(acts.shown_refund(refund))
        disputes = SandboxDispute.objects.filter(created_at__gte=since).select_related("checkout")
        for dispute in disputes.order_by("created_at"):
            yield _disputed(acts.shown_dispute(dispute))

    def failed_refunds_since(self, since: datetime) -> Iterator[Refunded]:
        failed = SandboxRefund.objects.filter(created_at__gte=since, state="failed")
        for refund in failed.select_related("checkout").order_by("created_at"):
            yield _refunded(acts.shown_refund(refund))

    def refund(self, *, payment_ref: str, amount: int, currency: str, our_refund: str) -> Refunded:
        checkout = SandboxCheckout.objects.filter(payment_ref=payment_ref).first()
        if checkout is None:
            raise ProviderDeclined("There is no such payment.")
        made = acts.refund(checkout.ref, amount=amount, key=our_refund, our_ref=our_refund)
        delivery.deliver()
        return _refunded(acts.shown_refund(made))

    def charge_saved(self, charge: Charge) -> Paid | None:
        made = _checkout(
            charge.our_purchase,
            customer_ref=charge.customer_ref,
            description=charge.description,
            amount=charge.amount,
            currency=charge.currency,
            expires_at=timezone.now(),
        )
        try:
            return _paid(acts.shown_checkout(acts.charge(made.ref, charge.card_ref)))
        finally:
            delivery.deliver()

    def is_under_way(self, our_purchase: str, since: datetime) -> bool:
        """A charge is paid or declined at once."""
        return False

    def forget_card(self, card_ref: str) -> None:
        acts.forget_card(card_ref)


def _checkout(our_purchase: str, **fields: Any) -> SandboxCheckout:
    refs = {"ref": acts.new_ref("tco"), "payment_ref": acts.new_ref("tpy")}
    made, _ = SandboxCheckout.objects.get_or_create(
        purchase_ref=our_purchase, defaults=refs | fields
    )
    return made


def _paid(about: Mapping[str, Any]) -> Paid:
    card = about.get("card")
    return Paid(
        our_purchase=about["purchase"],
        checkout_ref=about["id"],
        payment_ref=about["payment"],
        amount=about["amount"],
        currency=about["currency"],
        fee=about["fee"],
        customer_ref=about["customer"],
        card=Card(**card) if card else None,
    )


def _refunded(about: Mapping[str, Any]) -> Refunded:
    return Refunded(
        payment_ref=about["payment"],
        refund_ref=about["id"],
        amount=about["amount"],
        currency=about["currency"],
        state=about["state"],
        our_refund=about["refund"],
    )


def _disputed(about: Mapping[str, Any]) -> Disputed:
    return Disputed(
        payment_ref=about["payment"],
        dispute_ref=about["id"],
        amount=about["amount"],
        currency=about["currency"],
        state=about["state"],
        fee=about["fee"],
    )
