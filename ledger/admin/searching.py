"""What staff type into a search box: a name, an id in its outside form, the beginning of a key."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from accounts import ids
from accounts.admin import keys_named
from accounts.errors import InvalidId
from accounts.models import ApiKey, Customer
from ledger.ids import LOT, RESERVATION, TRANSACTION, decode_reservation
from ledger.models import Lot, Transfer

CUSTOMERS_MAX = 100
# Where an id is that of a row. The first transfer of a transaction has its id.
OWNED: dict[str, QuerySet[Any]] = {
    LOT: Lot.objects.all(),
    TRANSACTION: Transfer.objects.all(),
    ids.KEY: ApiKey.objects.all(),
}


def named(term: str, columns: Mapping[str, str]) -> Q:
    """The row, or the rows, that an id stands for. Raises InvalidId."""
    prefix = term.partition("_")[0]
    if prefix not in columns:
        raise InvalidId
    if prefix == RESERVATION:
        name = decode_reservation(term)
        return Q(("customer_id", name.customer_id), (columns[prefix], name.id))
    id = ids.decode(prefix, term)
    found = Q((columns[prefix], id))
    if prefix not in OWNED:
        return found
    # Every key of history starts with the customer.
    owners = OWNED[prefix].filter(id=id).values_list("customer_id", flat=True)
    return found & Q(customer_id__in=list(owners))


def customers(term: str) -> QuerySet[Customer]:
    """Those that are meant, by what they are called or by a key of theirs."""
    called = Q(name__icontains=term) | Q(email__icontains=term) | Q(external_id__icontains=term)
    owners = ApiKey.objects.filter(keys_named(term)).values("customer_id")
    return Customer.objects.filter(called | Q(id__in=owners)).order_by("name", "id")


def of_customers(term: str) -> Q | None:
    """Their rows. Their ids are read before: the planner goes through history in order when it
    sees them."""
    customer_ids = list(customers(term).values_list("id", flat=True)[:CUSTOMERS_MAX])
    return Q(customer_id__in=customer_ids) if customer_ids else None
