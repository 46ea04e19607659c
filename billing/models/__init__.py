"""Money: packs, purchases, payments and what providers said of them.

Amounts of money are minor units of the currency beside them, credits are micro-credits.
"""

from billing.models.adjustment_batches import AdjustmentBatch, BatchState
from billing.models.adjustments import (
    Adjustment,
    AdjustmentKind,
    AdjustmentLimit,
    AdjustmentState,
)
from billing.models.alerts import (
    Alert,
    AlertBasis,
    AlertKind,
    AlertSettings,
    AlertThreshold,
)
from billing.models.backtests import BackTest, BackTestLine, BackTestState
from billing.models.books import (
    BreakageRun,
    CloseStep,
    Estimate,
    Modification,
    Period,
    PeriodState,
    UnclaimedProperty,
    UnclaimedState,
)
from billing.models.books_checks import BooksCheck
from billing.models.costs import EndpointCost, Margin, MarginTarget
from billing.models.documents import Document, DocumentKind, DocumentSequence
from billing.models.events import EventState, ProviderEvent
from billing.models.expiry_notices import ExpiryNotice
from billing.models.exports import AccountName, Target
from billing.models.jobs import Job
from billing.models.mails import Mail, MailState
from billing.models.openings import OpeningImport, OpeningLine, OpeningState
from billing.models.operators import (
    NoticeCall,
    NoticeKind,
    OperatorNotice,
    Phase,
    RefusedReports,
)
from billing.models.packs import Pack, PackPrice, TaxRate
from billing.models.partners import (
    Partner,
    PartnerAccrual,
    PartnerPayout,
    PartnerShare,
    PartnerTerm,
    PartnerTotal,
    PartnerWatermark,
)
from billing.models.payments import Dispute, DisputeState, Payment, Refund, RefundState
from billing.models.plans import (
    ChargeState,
    Invoice,
    InvoiceCharge,
    InvoiceKind,
    InvoiceState,
    OnFailure,
    Overage,
    Plan,
    PlanState,
    Subscription,
    SubscriptionState,
)
from billing.models.policy import (
    Chargeback,
    EscheatClass,
    ExchangeRate,
    Extension,
    Goodwill,
    Method,
    Policy,
    TaxPoint,
)
from billing.models.preferences import NotificationPreference
from billing.models.purchases import (
    BillingProfile,
    PaymentMethod,
    ProviderCustomer,
    Purchase,
    PurchaseState,
)
from billing.models.reopening import ReopenRequest
from billing.models.reports import Report
from billing.models.sandbox import (
    SandboxCard,
    SandboxCheckout,
    SandboxDispute,
    SandboxEvent,
    SandboxRefund,
)
from billing.models.top_up import CardBreaker, Obstacle, TopUp, TopUpSettings, TopUpState
from billing.models.webhooks_out import (
    DeliveryState,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)

__all__ = [
    "AccountName",
    "Adjustment",
    "AdjustmentBatch",
    "AdjustmentKind",
    "AdjustmentLimit",
    "AdjustmentState",
    "Alert",
    "AlertBasis",
    "AlertKind",
    "AlertSettings",
    "AlertThreshold",
    "BackTest",
    "BackTestLine",
    "BackTestState",
    "BatchState",
    "BillingProfile",
    "BooksCheck",
    "BreakageRun",
    "CardBreaker",
    "ChargeState",
    "Chargeback",
    "CloseStep",
    "DeliveryState",
    "Dispute",
    "DisputeState",
    "Document",
    "DocumentKind",
    "DocumentSequence",
    "EndpointCost",
    "EscheatClass",
    "Estimate",
    "EventState",
    "ExchangeRate",
    "ExpiryNotice",
    "Extension",
    "Goodwill",
    "Invoice",
    "InvoiceCharge",
    "InvoiceKind",
    "InvoiceState",
    "Job",
    "Mail",
    "MailState",
    "Margin",
    "MarginTarget",
    "Method",
    "Modification",
    "NoticeCall",
    "NoticeKind",
    "NotificationPreference",
    "Obstacle",
    "OnFailure",
    "OpeningImport",
    "OpeningLine",
    "OpeningState",
    "OperatorNotice",
    "Overage",
    "Pack",
    "PackPrice",
    "Partner",
    "PartnerAccrual",
    "PartnerPayout",
    "PartnerShare",
    "PartnerTerm",
    "PartnerTotal",
    "PartnerWatermark",
    "Payment",
    "PaymentMethod",
    "Period",
    "PeriodState",
    "Phase",
    "Plan",
    "PlanState",
    "Policy",
    "ProviderCustomer",
    "ProviderEvent",
    "Purchase",
    "PurchaseState",
    "Refund",
    "RefundState",
    "RefusedReports",
    "ReopenRequest",
    "Report",
    "SandboxCard",
    "SandboxCheckout",
    "SandboxDispute",
    "SandboxEvent",
    "SandboxRefund",
    "Subscription",
    "SubscriptionState",
    "Target",
    "TaxPoint",
    "TaxRate",
    "TopUp",
    "TopUpSettings",
    "TopUpState",
    "UnclaimedProperty",
    "UnclaimedState",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
