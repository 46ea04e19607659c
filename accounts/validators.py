from functools import cache
from typing import Final
from zoneinfo import available_timezones

import msgspec
from django.core.exceptions import ValidationError

from accounts import addresses

METADATA_PAIRS_MAX = 20
METADATA_BYTES_MAX = 2048


def check_metadata(value: object) -> None:
    """At most 20 pairs of strings, 2 KiB as JSON, and none of the null characters jsonb refuses."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValidationError("This must be an object of strings.")
    if len(value) > METADATA_PAIRS_MAX:
        raise ValidationError(f"This has more than {METADATA_PAIRS_MAX} pairs.")
    if any("\0" in text for pair in value.items() for text in pair):
        raise ValidationError("Null characters are not allowed.")
    if len(msgspec.json.encode(value)) > METADATA_BYTES_MAX:
        raise ValidationError(f"This is longer than {METADATA_BYTES_MAX} bytes.")


# Of this machine, and of nothing: no other machine would know what is meant.
_NO_PLACES: Final = {"localtime", "Factory"}
_REGIONS: Final = {
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic"),
    *("Australia", "Europe", "Indian", "Pacific"),
}


@cache
def time_zones() -> frozenset[str]:
    """By their IANA names."""
    return frozenset(available_timezones() - _NO_PLACES | {"UTC"})


@cache
def offered_time_zones() -> list[str]:
    """To choose from: places such as Europe/Berlin, and UTC first. Older names of the same, and
    abbreviations, are known (`time_zones`) and not offered."""
    return ["UTC", *sorted(name for name in time_zones() if name.partition("/")[0] in _REGIONS)]


def check_time_zone(value: object) -> None:
    if value not in time_zones():
        raise ValidationError("This is no IANA time zone, such as UTC or Europe/Berlin.")


def check_network(value: str) -> None:
    """CIDR of IPv4 or IPv6, with no bits set beyond its length."""
    try:
        addresses.read_network(value)
    except ValueError as error:
        raise ValidationError(
            f"{value!r} is no network: give CIDR such as 203.0.113.0/24 or 2001:db8::/32, with"
            " zeros behind its length."
        ) from error
