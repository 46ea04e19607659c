"""What accounts asks of the rooms above it, which settings name: it imports none of them."""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from django.db import connection

from accounts.models import Customer
from ledger import selectors
from ledger.limits import in_words
from ledger.limits.in_words import Line
from ledger.models import Endpoint


def endpoint_codes() -> list[str]:
    """Of all endpoints, priced or not."""
    return list(Endpoint.objects.order_by("code").values_list("code", flat=True))


def endpoint_codes_sold_to(customer_id: UUID) -> list[str]:
    """Of those that the customer has a price for now."""
    prices = selectors.prices_of(customer_id, selectors.now())
    return sorted(price.endpoint.code for price in prices)


def time_zone() -> str:
    """The provider's, in which its books are kept."""
    with connection.cursor() as cursor:
        cursor.execute("select time_zone from ledger_books")
        (zone,) = cursor.fetchall()[0]
    return str(zone)


def limits_of_keys(customer: Customer) -> Mapping[UUID | None, list[Line]]:
    """By the key, with what it has used of each; those of every key, for one that was not used yet,
    under none."""
    found: dict[UUID | None, list[Line]] = defaultdict(list)
    for line in in_words.of(customer):
        if line.limit.scope == "key":
            assert not isinstance(line.limit.subject, int)
            found[line.limit.subject].append(line)
    return found
