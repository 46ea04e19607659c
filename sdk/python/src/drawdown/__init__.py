"""Hold credits before a request runs, and settle after it.

with Client(url, key) as credits:
    with credits.reserve(customer, "summarize") as hold:
        ...
"""

from drawdown.aio import AsyncClient
from drawdown.aioleases import AsyncLeases
from drawdown.answers import Balance, Reservation
from drawdown.client import Client
from drawdown.errors import (
    DrawdownError,
    NotVerified,
    OverBound,
    PaymentRequired,
    Problem,
    TooManyRequests,
    Unreachable,
)
from drawdown.holding import Hold
from drawdown.ids import uuid7
from drawdown.journal import Journal
from drawdown.leases import Leases
from drawdown.leasing import Size
from drawdown.offline import Open
from drawdown.retrying import Retry

__all__ = [
    "AsyncClient",
    "AsyncLeases",
    "Balance",
    "Client",
    "DrawdownError",
    "Hold",
    "Journal",
    "Leases",
    "NotVerified",
    "Open",
    "OverBound",
    "PaymentRequired",
    "Problem",
    "Reservation",
    "Retry",
    "Size",
    "TooManyRequests",
    "Unreachable",
    "uuid7",
]
