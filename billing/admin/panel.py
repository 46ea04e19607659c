"""What became of a purchase, on one page."""

from datetime import datetime
from typing import NamedTuple

from django.utils.safestring import SafeString

from billing.admin import shown as billing_shown
from billing.models import (
    Dispute,
    Document,
    Payment,
    ProviderEvent,
    Purchase,
    Refund,
    RefundState,
)
from ledger.admin import shown
from ledger.ids import LOT
from ledger.models import Lot

EVENTS_MAX = 50


class LotRow(NamedTuple):
    page: str
    name: SafeString
    kind: str
    issued: str
    remaining: str
    held: str
    frozen: str
    expires_at: datetime | None


class RefundRow(NamedTuple):
    name: str
    state: str
    amount: str
    fee: str
    credits: str
    concession: str
    reason: str
    by: str
    created_at: datetime
    note: SafeString


class DisputeRow(NamedTuple):
    name: str
    state: str
    amount: str
    fee: str
    frozen: str
    taken: str
    owed: str
    reason: str
    opened_at: datetime
    closed_at: datetime | None


class EventRow(NamedTuple):
    page: str
    kind: str
    state: str
    reason: str
    received_at: datetime


class Panel(NamedTuple):
    figures: list[tuple[str, str]]
    payment_ref: str
    lots: list[LotRow]
    refunds: list[RefundRow]
    disputes: list[DisputeRow]
    documents: list[SafeString]
    events: list[EventRow]


def of(purchase: Purchase) -> Panel:
    documents = [
        billing_shown.document(document)
        for document in Document.objects.filter(purchase=purchase).order_by("id")
    ]
    payment = Payment.objects.filter(purchase=purchase).first()
    if payment is None:
        return Panel([], "", [], [], [], documents, [])
    return Panel(
        _figures(payment),
        payment.provider_ref,
        _lots(payment),
        _refunds(payment),
        [_dispute(one) for one in payment.disputes.order_by("opened_at")],
        documents,
        _events(payment),
    )


def _figures(payment: Payment) -> list[tuple[str, str]]:
    currency = payment.purchase.currency
    figures = {
        "paid": payment.amount,
        "refunded": payment.refunded,
        "kept as fees": payment.fees_kept,
        "in dispute": payment.disputed,
        "clawed back": payment.clawed_back,
        "left": payment.left,
        "fee": payment.fee or 0,
    }
    return [(name, billing_shown.in_words(amount, currency)) for name, amount in figures.items()]


def _lots(payment: Payment) -> list[LotRow]:
    customer_id = payment.purchase.customer_id
    lots = Lot.objects.filter(customer_id=customer_id, id__in=payment.lots)
    return [
        LotRow(
            shown.row_page("lot", customer_id, lot.id),
            shown.short(LOT, lot.id),
            lot.kind,
            shown.number(lot.units),
            shown.number(lot.remaining),
            shown.number(lot.held),
            shown.number(lot.frozen),
            lot.expires_at,
        )
        for lot in lots.order_by("seq")
    ]


def _refunds(payment: Payment) -> list[RefundRow]:
    refunds = payment.refunds.select_related("made_by", "credit_note").order_by("created_at")
    return [_refund(refund, payment.purchase.currency) for refund in refunds]


def _refund(refund: Refund, currency: str) -> RefundRow:
    note = getattr(refund, "credit_note", None)
    waits = refund.state == RefundState.REQUESTED and refund.provider_ref is None
    return RefundRow(
        refund.name,
        "not sent yet" if waits else refund.state,
        billing_shown.plain(refund.paid_back, currency),
        billing_shown.plain(refund.fee_kept, currency),
        shown.number(refund.credits),
        billing_shown.plain(refund.concession, currency),
        refund.reason,
        refund.made_by.email if refund.made_by else "-",
        refund.created_at,
        billing_shown.document(note) if note else SafeString("-"),
    )


def _dispute(dispute: Dispute) -> DisputeRow:
    currency = dispute.payment.purchase.currency
    return DisputeRow(
        dispute.provider_ref,
        dispute.state,
        billing_shown.plain(dispute.amount, currency),
        billing_shown.plain(dispute.fee, currency),
        shown.number(dispute.frozen),
        shown.number(dispute.clawed_credits),
        billing_shown.plain(dispute.owed, currency),
        dispute.reason,
        dispute.opened_at,
        dispute.closed_at,
    )


def _events(payment: Payment) -> list[EventRow]:
    told = ProviderEvent.objects.filter(
        provider=payment.provider, payment_ref=payment.provider_ref
    ).order_by("-id")[:EVENTS_MAX]
    return [
        EventRow(
            billing_shown.page(event), event.kind, event.state, event.reason, event.received_at
        )
        for event in told
    ]
