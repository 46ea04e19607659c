"""Keys, by how they begin: no more than that is kept of them."""

from typing import Final

from accounts.keys import SHOWN_LENGTH, KeyKind
from accounts.models import ApiKey, ServiceKey
from billing.finding.hit import Hit, of_row

ROWS_MAX: Final = 20
SHOWN: Final = SHOWN_LENGTH
KINDS: Final = frozenset(KeyKind)


def is_key(term: str) -> bool:
    return term.partition("_")[0] in KINDS and "_" in term


def look(term: str) -> list[Hit]:
    """Also where more of it is given than is kept."""
    prefix = term[:SHOWN_LENGTH]
    why = f"it begins with {prefix}"
    of_customers = ApiKey.objects.filter(prefix__startswith=prefix).select_related("customer")
    found = [of_row(key, why, key.customer) for key in of_customers[:ROWS_MAX]]
    services = ServiceKey.objects.filter(prefix__startswith=prefix)
    return found + [of_row(key, why) for key in services[:ROWS_MAX]]
