"""Whose a row is: the first that is given of customer_id, external_id and e-mail says it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts import ids
from accounts.errors import InvalidId
from accounts.models import HOUSE_ID, Customer, CustomerStatus

Cells = Mapping[str, str]


class New(NamedTuple):
    """A customer that is made with its first line."""

    name: str
    email: str
    external_id: str

    @property
    def identity(self) -> str:
        return self.external_id or self.email


class Owners:
    """Of some rows at a time; new customers are remembered, for all rows must agree on them."""

    def __init__(self) -> None:
        self._new: dict[str, New] = {}
        self._ids: dict[UUID, Customer] = {}
        self._external: dict[str, Customer] = {}
        self._emails: dict[str, list[Customer]] = {}

    def look_up(self, rows: Iterable[Cells]) -> None:
        rows = list(rows)
        named = [_decoded(row["customer_id"]) for row in rows if row["customer_id"]]
        self._ids = _known().in_bulk([one for one in named if one])
        self._external = by_external_id({row["external_id"] for row in rows} - {""})
        self._emails = by_email({row["email"].lower() for row in rows} - {""})

    def of(self, row: Cells) -> Customer | New:
        """Raises ValidationError by column."""
        if row["customer_id"]:
            found = self._ids.get(_decoded(row["customer_id"]) or HOUSE_ID)
            return _open(found, "customer_id", "There is no customer with this id.")
        if row["external_id"]:
            return self._or_new(self._external.get(row["external_id"]), "external_id", row)
        if row["email"]:
            several = self._emails.get(row["email"].lower(), [])
            if len(several) > 1:
                told = f"{len(several)} customers have this e-mail: say which by customer_id."
                raise ValidationError({"email": told})
            return self._or_new(several[0] if several else None, "email", row)
        raise ValidationError(
            {"customer_id": "Say whose it is: customer_id, external_id or email."}
        )

    def _or_new(self, found: Customer | None, column: str, row: Cells) -> Customer | New:
        if found is not None or not row["name"]:
            told = "There is no customer with this: give name and email to make one."
            return _open(found, column, told)
        if not row["email"]:
            raise ValidationError({"email": "A new customer has an e-mail."})
        new = New(row["name"], row["email"].lower(), row["external_id"])
        first = self._new.setdefault(new.identity, new)
        if first != new:
            told = f"Another row calls this new customer {first.name}, {first.email}."
            raise ValidationError({"name": told})
        return new


def by_external_id(external_ids: Collection[str]) -> dict[str, Customer]:
    found = _known().filter(external_id__in=external_ids)
    return {customer.external_id or "": customer for customer in found}


def by_email(emails: Collection[str]) -> dict[str, list[Customer]]:
    """Those that are not closed; addresses are in small letters."""
    found: dict[str, list[Customer]] = defaultdict(list)
    open_ones = _known().exclude(status=CustomerStatus.CLOSED)
    for customer in open_ones.annotate(lower=Lower("email")).filter(lower__in=emails):
        found[customer.lower].append(customer)
    return found


def _known() -> QuerySet[Customer]:
    return Customer.objects.filter(sandbox_of=None).exclude(id=HOUSE_ID)


def _open(found: Customer | None, column: str, told: str) -> Customer:
    if found is None:
        raise ValidationError({column: told})
    if found.status == CustomerStatus.CLOSED:
        raise ValidationError({column: f"The account of {found.name} is closed."})
    return found


def _decoded(text: str) -> UUID | None:
    try:
        return ids.decode(ids.CUSTOMER, text)
    except InvalidId:
        return None
