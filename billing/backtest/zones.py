"""In which time zones customers' months are, and which customers are test wallets."""

from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import Customer

UTC: Final = ZoneInfo("UTC")


def every() -> dict[UUID, ZoneInfo]:
    """Of those who have another than UTC."""
    found = Customer.objects.exclude(time_zone="UTC").values_list("id", "time_zone")
    return {id: ZoneInfo(name) for id, name in found}


def sandboxes() -> list[UUID]:
    """Nothing of theirs is anybody's money."""
    return list(Customer.objects.filter(sandbox_of__isnull=False).values_list("id", flat=True))
