"""What customers are told of their money, in the database transaction that enters it.

Amounts are minor units of the currency beside them, credits are micro-credits.
"""

from typing import Any

from billing.models import Dispute, DisputeState, Purchase, Refund
from ledger import outbox


def of_purchase(purchase: Purchase, kind: str) -> None:
    data = {
        "amount": purchase.total,
        "currency": purchase.currency,
        "credits": purchase.credits + purchase.bonus_credits,
        "pack": purchase.pack_code,
        "reason": purchase.reason or None,
    }
    outbox.tell(purchase.customer_id, kind, str(purchase.id), data)


def of_refund(refund: Refund, kind: str) -> None:
    data = {
        "refund": str(refund.id),
        "amount": refund.paid_back,
        "credits": refund.credits,
        "reason": refund.reason or None,
    }
    _tell_of_payment(refund.payment.purchase, kind, str(refund.payment_id), data)


def of_dispute(dispute: Dispute, kind: str) -> None:
    is_lost = dispute.state == DisputeState.LOST
    data = {
        "purchase": str(dispute.payment_id),
        "amount": dispute.amount,
        "credits": dispute.clawed_credits if is_lost else dispute.frozen,
        "reason": dispute.reason or None,
    }
    _tell_of_payment(dispute.payment.purchase, kind, str(dispute.id), data)


def _tell_of_payment(purchase: Purchase, kind: str, subject: str, data: dict[str, Any]) -> None:
    outbox.tell(purchase.customer_id, kind, subject, {**data, "currency": purchase.currency})
