"""Purchases as a file, for whoever books them."""

from datetime import UTC, datetime
from typing import Final

from accounts.csv_files import safe
from billing.models import Payment, Purchase
from billing.models.documents import DocumentKind
from billing.portal.purchases import standing
from ledger import amounts, money

HEADER: Final = (
    "purchase",
    "ordered_at",
    "paid_at",
    "pack",
    "credits",
    "currency",
    "net",
    "tax",
    "total",
    "refunded",
    "charged_back",
    "state",
    "receipt",
    "credit_notes",
    "ordered_by",
)


def row(purchase: Purchase) -> list[str]:
    """Money has the decimals of its currency; instants are UTC, as in ISO 8601."""
    payment: Payment | None = getattr(purchase, "payment", None)

    def minor(amount: int) -> str:
        return money.show(amount, purchase.currency)["amount"]

    return [
        purchase.name,
        _instant(purchase.created_at),
        _instant(purchase.paid_at),
        safe(purchase.description),
        amounts.show(purchase.credits + purchase.bonus_credits),
        purchase.currency,
        minor(purchase.net),
        minor(purchase.tax),
        minor(purchase.total),
        minor(payment.refunded if payment else 0),
        minor(standing.charged_back(purchase)),
        standing.badge(purchase).text,
        _documents(purchase, DocumentKind.RECEIPT),
        _documents(purchase, DocumentKind.CREDIT_NOTE),
        safe(purchase.made_by.email) if purchase.made_by else "",
    ]


def _documents(purchase: Purchase, kind: str) -> str:
    return " ".join(one.name for one in purchase.documents.all() if one.kind == kind)


def _instant(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""
