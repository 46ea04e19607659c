"""Money that went back, or that a payer's bank wants back."""

from typing import Final

from billing.admin import shown as billing_shown
from billing.admin.customer.section import ROWS_MAX, Looked, Section, at, badge, whole_list
from billing.models import Dispute, DisputeState, Refund, RefundState
from billing.models.payments import REFUND
from ledger.admin import shown

REFUND_COLUMNS: Final = ("Made", "Refund", "State", "#Money", "#Credits", "Reason", "By")
DISPUTE_COLUMNS: Final = (
    *("Opened", "Dispute", "State", "#Money", "#Frozen", "#Taken", "#Owed", "Closed"),
)
TONES: Final[dict[str, str]] = {
    RefundState.SUCCEEDED: "good",
    RefundState.REQUESTED: "warn",
    RefundState.FAILED: "bad",
    DisputeState.OPEN: "bad",
    DisputeState.WON: "good",
}


def refunds(looked: Looked) -> Section:
    found = Refund.objects.filter(payment__purchase__customer=looked.customer)
    found = found.select_related("payment__purchase", "made_by").order_by("-created_at")
    return Section(
        "Refunds",
        REFUND_COLUMNS,
        [_refund(one) for one in found[:ROWS_MAX]],
        none="Nothing was refunded.",
        all=f"{whole_list(looked, 'billing_purchase')}&returned=refunded",
    )


def disputes(looked: Looked) -> Section:
    found = Dispute.objects.filter(payment__purchase__customer=looked.customer)
    found = found.select_related("payment__purchase").order_by("-opened_at")
    return Section(
        "Disputes",
        DISPUTE_COLUMNS,
        [_dispute(one) for one in found[:ROWS_MAX]],
        none="No payment was disputed.",
        all=f"{whole_list(looked, 'billing_purchase')}&returned=disputed",
    )


def _refund(refund: Refund) -> list[object]:
    purchase = refund.payment.purchase
    page = billing_shown.page(purchase)
    return [
        at(refund.created_at),
        shown.link(page, shown.short(REFUND, refund.id)),
        badge(refund.state, TONES.get(refund.state, "")),
        billing_shown.in_words(refund.paid_back, purchase.currency),
        shown.number(refund.credits),
        shown.cut(refund.reason),
        refund.made_by.email if refund.made_by else "-",
    ]


def _dispute(dispute: Dispute) -> list[object]:
    purchase = dispute.payment.purchase
    return [
        at(dispute.opened_at),
        shown.link(billing_shown.page(purchase), shown.cut(dispute.provider_ref)),
        badge(dispute.state, TONES.get(dispute.state, "")),
        billing_shown.in_words(dispute.amount, purchase.currency),
        shown.number(dispute.frozen),
        shown.number(dispute.clawed_credits),
        billing_shown.plain(dispute.owed, purchase.currency),
        at(dispute.closed_at),
    ]
