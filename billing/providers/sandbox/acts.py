"""What happens at the test provider: a payer acts, or a bank. Each act writes down the event that
tells of it, in the same transaction."""

import json
import time
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing.errors import CardDeclined, ProviderDeclined
from billing.models import (
    SandboxCard,
    SandboxCheckout,
    SandboxDispute,
    SandboxEvent,
    SandboxRefund,
)

# Of each payment: 2.9 % and 30.
FEE_PER_MILLE, FEE_FIXED = 29, 30
DISPUTE_FEE = 15_00
# Cards pay on the page; what becomes of them when they are charged later.
GOOD = "4242"
CARDS = {
    GOOD: "",
    "9995": "insufficient funds",
    "9979": "stolen",
}
FINAL = ("stolen",)
EXPIRY = {"exp_month": 12, "exp_year": 2034}


def new_ref(prefix: str) -> str:
    return f"{prefix}_{uuid4().hex}"


def pay(ref: str, *, save_card: bool = False, card: str = GOOD) -> SandboxCheckout:
    """At any time: whoever kept the page open may pay late. Paid once, it stays paid. Raises
    ProviderDeclined for a page that the shop has closed."""
    with transaction.atomic():
        checkout = _locked(ref)
        if checkout.state == "closed":
            raise ProviderDeclined("The shop has closed this page.")
        if checkout.state != "paid":
            checkout.state = "paid"
            checkout.paid_at = timezone.now()
            checkout.fee = checkout.amount * FEE_PER_MILLE // 1000 + FEE_FIXED
            checkout.saves_card = save_card
            checkout.card = card if card in CARDS else GOOD
            checkout.save()
            _keep_card(checkout)
            tell("checkout.paid", shown_checkout(checkout))
    return checkout


def charge(ref: str, card_ref: str) -> SandboxCheckout:
    """A checkout paid by a kept card, without its owner. Raises CardDeclined."""
    with transaction.atomic():
        checkout = _locked(ref)
        card = SandboxCard.objects.filter(ref=card_ref, customer_ref=checkout.customer_ref).first()
        trouble = CARDS[card.last4] if card else "not kept any more"
        if checkout.state == "open" and trouble:
            checkout.state = "expired"
            checkout.save()
            told = {"reason": f"The card was declined: {trouble}."}
            tell("checkout.failed", shown_checkout(checkout) | told)
    if checkout.state == "paid":
        return checkout
    if trouble:
        is_final = card is None or trouble in FINAL
        raise CardDeclined(f"The card was declined: {trouble}.", is_final=is_final)
    return pay(ref, card=card.last4 if card else GOOD)


def forget_card(ref: str) -> None:
    """Raises ProviderDeclined."""
    if not SandboxCard.objects.filter(ref=ref).delete()[0]:
        raise ProviderDeclined("There is no such card.")


def decline(ref: str) -> SandboxCheckout:
    """The payer may try again on the same page."""
    with transaction.atomic():
        checkout = _locked(ref)
        if checkout.state == "open":
            tell("checkout.failed", shown_checkout(checkout) | {"reason": "The card was declined."})
    return checkout


def abandon(ref: str) -> SandboxCheckout:
    """The page's time is over."""
    with transaction.atomic():
        checkout = _locked(ref)
        if checkout.state == "open":
            checkout.state = "expired"
            checkout.save()
            tell("checkout.expired", shown_checkout(checkout))
    return checkout


def shut(ref: str) -> None:
    """By the shop, so that nobody pays there late either. Raises ProviderDeclined."""
    with transaction.atomic():
        checkout = _locked(ref)
        if checkout.state != "open":
            raise ProviderDeclined("This page is paid, or over.")
        SandboxCheckout.objects.filter(ref=ref).update(state="closed")


def refund(ref: str, *, amount: int, key: str = "", our_ref: str = "") -> SandboxRefund:
    """Raises ProviderDeclined."""
    with transaction.atomic():
        checkout = _locked(ref)
        known = SandboxRefund.objects.filter(key=key).first() if key else None
        if known:
            return known
        if not 0 < amount <= left(checkout):
            raise ProviderDeclined("This payment cannot be refunded so far.")
        SandboxCheckout.objects.filter(ref=ref).update(refunded=F("refunded") + amount)
        made = SandboxRefund.objects.create(
            ref=new_ref("trf"),
            key=key or new_ref("key"),
            checkout=checkout,
            amount=amount,
            our_ref=our_ref,
        )
        tell("refund.succeeded", shown_refund(made))
    return made


def left(checkout: SandboxCheckout) -> int:
    """What can be refunded: nothing, while the bank decides and when it has."""
    return checkout.amount - checkout.refunded if _may_be_disputed(checkout) else 0


def _may_be_disputed(checkout: SandboxCheckout) -> bool:
    disputed = checkout.disputes.exclude(state="won").exists()
    return checkout.state == "paid" and not disputed


def dispute(ref: str, *, amount: int | None = None) -> SandboxDispute:
    """All that is left, or as much as the payer's bank wants: it does not ask what was refunded
    before. Raises ProviderDeclined."""
    with transaction.atomic():
        checkout = _locked(ref)
        amount = left(checkout) if amount is None else amount
        if amount <= 0 or not _may_be_disputed(checkout):
            raise ProviderDeclined("There is nothing left to dispute.")
        made = SandboxDispute.objects.create(
            ref=new_ref("tdp"), checkout=checkout, amount=amount, fee=DISPUTE_FEE
        )
        tell("dispute.opened", shown_dispute(made))
    return made


def close(ref: str, *, won: bool) -> SandboxDispute:
    with transaction.atomic():
        made = SandboxDispute.objects.select_for_update().get(ref=ref)
        if made.state == "open":
            made.state = "won" if won else "lost"
            made.save()
            tell("dispute.closed", shown_dispute(made))
    return made


def tell(kind: str, about: dict[str, Any]) -> SandboxEvent:
    ref = new_ref("tev")
    body = {"id": ref, "type": kind, "created": int(time.time()), "data": about}
    return SandboxEvent.objects.create(ref=ref, body=json.dumps(body))


def shown_checkout(checkout: SandboxCheckout) -> dict[str, Any]:
    card = {"ref": _card_ref(checkout), "brand": "test", "last4": checkout.card} | EXPIRY
    return {
        "id": checkout.ref,
        "payment": checkout.payment_ref,
        "purchase": checkout.purchase_ref,
        "customer": checkout.customer_ref,
        "amount": checkout.amount,
        "currency": checkout.currency,
        "fee": checkout.fee,
        "state": checkout.state,
        "card": card if checkout.saves_card else None,
    }


def shown_refund(refund: SandboxRefund) -> dict[str, Any]:
    return {
        "id": refund.ref,
        "payment": refund.checkout.payment_ref,
        "refund": refund.our_ref,
        "amount": refund.amount,
        "currency": refund.checkout.currency,
        "state": refund.state,
    }


def shown_dispute(dispute: SandboxDispute) -> dict[str, Any]:
    return {
        "id": dispute.ref,
        "payment": dispute.checkout.payment_ref,
        "amount": dispute.amount,
        "currency": dispute.checkout.currency,
        "fee": dispute.fee,
        "state": dispute.state,
    }


def _keep_card(checkout: SandboxCheckout) -> None:
    if checkout.saves_card:
        SandboxCard.objects.get_or_create(
            ref=_card_ref(checkout),
            defaults={"customer_ref": checkout.customer_ref, "last4": checkout.card},
        )


def _card_ref(checkout: SandboxCheckout) -> str:
    return f"card_{checkout.card}_{checkout.customer_ref}"


def _locked(ref: str) -> SandboxCheckout:
    return SandboxCheckout.objects.select_for_update().get(ref=ref)
