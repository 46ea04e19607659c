"""Money: packs, purchases, payments and what providers said of them.

Amounts of money are minor units of the currency beside them, credits are micro-credits.
"""

from billing.models.books_checks import BooksCheck
from billing.models.documents import Document, DocumentKind, DocumentSequence
from billing.models.events import EventState, ProviderEvent
from billing.models.packs import Pack, PackPrice, TaxRate
from billing.models.payments import Dispute, DisputeState, Payment, Refund, RefundState
from billing.models.purchases import (
    BillingProfile,
    PaymentMethod,
    ProviderCustomer,
    Purchase,
    PurchaseState,
)
from billing.models.sandbox import (
    SandboxCard,
    SandboxCheckout,
    SandboxDispute,
    SandboxEvent,
    SandboxRefund,
)

__all__ = [
    "BillingProfile",
    "BooksCheck",
    "Dispute",
    "DisputeState",
    "Document",
    "DocumentKind",
    "DocumentSequence",
    "EventState",
    "Pack",
    "PackPrice",
    "Payment",
    "PaymentMethod",
    "ProviderCustomer",
    "ProviderEvent",
    "Purchase",
    "PurchaseState",
    "Refund",
    "RefundState",
    "SandboxCard",
    "SandboxCheckout",
    "SandboxDispute",
    "SandboxEvent",
    "SandboxRefund",
    "TaxRate",
]
