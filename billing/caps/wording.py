"""What an event of a cap says, in words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import ApiKey, Customer
from billing import shown
from ledger import limits
from ledger.models import Endpoint

WARNED: Final = "spend_cap.warned"
REACHED: Final = "spend_cap.reached"
_PERIODS: Final = {"day": "today", "month": "this month", "lifetime": "in all"}


class Words(NamedTuple):
    whose: str
    limit: str
    used: str
    period: str
    resets: str  # by the customer's clocks and in UTC; empty: never
    is_own: bool  # the customer set it


def of(data: Mapping[str, Any], customer: Customer) -> Words:
    return Words(
        _whose(data, customer),
        shown.credits(data["limit"]),
        shown.credits(data["used"]),
        _PERIODS[data["period"]],
        _resets(data["resets_at"], ZoneInfo(customer.time_zone)),
        data["source"] == "customer",
    )


def _whose(data: Mapping[str, Any], customer: Customer) -> str:
    subject = limits.subject_of(data["scope"], UUID(data["subject"]) if data["subject"] else None)
    if isinstance(subject, UUID):
        key = ApiKey.objects.filter(id=subject).first()
        return f"the key {key.name or key.prefix}" if key else "a key"
    if subject is not None:
        code = Endpoint.objects.filter(id=subject).values_list("code", flat=True).first()
        return f"the endpoint {code}" if code else "an endpoint"
    return customer.name


def _resets(said: str | None, zone: ZoneInfo) -> str:
    if said is None:
        return ""
    at = datetime.fromisoformat(said)
    there, here = at.astimezone(zone), at.astimezone(UTC)
    if zone.key == "UTC":
        return f"{here:%-d %B %Y, %H:%M} UTC"
    return f"{there:%-d %B %Y, %H:%M} {zone.key} ({here:%-d %B, %H:%M} UTC)"
