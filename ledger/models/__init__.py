"""The core's tables as Django reads them, what calls cost, and what waits for staff."""

from ledger.models.answers import AnswerCount
from ledger.models.core import (
    CoreModel,
    Event,
    Lot,
    LotKind,
    Reservation,
    ReservationState,
    Threshold,
    Transaction,
    Transfer,
    Wallet,
)
from ledger.models.detached import DetachedMonth
from ledger.models.openapi import (
    OpenApiFile,
    OpenApiOperation,
)
from ledger.models.prices import (
    Endpoint,
    OpenLine,
    Price,
    PriceGroup,
    PriceTerms,
    RateCard,
)
from ledger.models.usage_events import (
    RefusedEvent,
    RefusedState,
    Shortage,
    UsageTerms,
)

__all__ = [
    "AnswerCount",
    "CoreModel",
    "DetachedMonth",
    "Endpoint",
    "Event",
    "Lot",
    "LotKind",
    "OpenApiFile",
    "OpenApiOperation",
    "OpenLine",
    "Price",
    "PriceGroup",
    "PriceTerms",
    "RateCard",
    "RefusedEvent",
    "RefusedState",
    "Reservation",
    "ReservationState",
    "Shortage",
    "Threshold",
    "Transaction",
    "Transfer",
    "UsageTerms",
    "Wallet",
]
