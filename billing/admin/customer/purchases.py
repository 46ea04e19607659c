"""What was bought, and what of it can be refunded."""

from typing import Final

from django.urls import reverse
from django.utils.safestring import SafeString

from billing.admin import refunding
from billing.admin import shown as billing_shown
from billing.admin.customer.section import ROWS_MAX, Looked, Section, at, badge, whole_list
from billing.models import Purchase, PurchaseState
from billing.models.purchases import PURCHASE
from ledger.admin import shown

COLUMNS: Final = (
    *("Made", "Purchase", "What", "#Credits", "#Total", "State", "#Given back"),
    *("Provider's id", ""),
)
TONES: Final[dict[str, str]] = {
    PurchaseState.PAID: "good",
    PurchaseState.PENDING: "warn",
    PurchaseState.FAILED: "bad",
}


def section(looked: Looked) -> Section:
    found = Purchase.objects.filter(customer=looked.customer).select_related("payment")
    may_refund = refunding.is_allowed(looked.request)
    return Section(
        "Purchases",
        COLUMNS,
        [_row(one, may_refund=may_refund) for one in found.order_by("-created_at")[:ROWS_MAX]],
        none="Nothing was bought.",
        all=whole_list(looked, "billing_purchase"),
        is_wide=True,
    )


def _row(purchase: Purchase, *, may_refund: bool) -> list[object]:
    payment = getattr(purchase, "payment", None)
    given_back = billing_shown.plain(payment.returned, purchase.currency) if payment else "-"
    can_refund = may_refund and payment is not None and payment.left > 0
    return [
        at(purchase.created_at),
        shown.link(billing_shown.page(purchase), shown.short(PURCHASE, purchase.id)),
        purchase.description,
        shown.number(purchase.credits),
        billing_shown.in_words(purchase.total, purchase.currency),
        badge(purchase.state, TONES.get(purchase.state, "")),
        f"{given_back}, in dispute" if payment and payment.disputed else given_back,
        shown.cut(payment.provider_ref if payment else purchase.provider_ref),
        _refund(purchase) if can_refund else "",
    ]


def _refund(purchase: Purchase) -> SafeString:
    return shown.link(reverse("admin:billing_purchase_refund", args=[purchase.pk]), "Refund")
