"""Customers, by what they are called, and by who belongs to them. What is equal to the term stands
in front, then what begins so."""

from typing import Final

from django.db.models import Q

from accounts.models import HOUSE_ID, Customer, Invitation, Member
from billing.finding.hit import Hit, of_row
from billing.models import BillingProfile

ROWS_MAX: Final = 20
# Of so many, the most alike are shown.
READ_MAX: Final = 200
_NAMES: Final = {"name": "name", "email": "e-mail", "external_id": "external id"}


def look(term: str) -> list[Hit]:
    """At most READ_MAX; each customer once."""
    found = {hit.key: hit for hit in _of_people(term)}
    found |= {hit.key: hit for hit in _called(term)}
    return sorted(found.values(), key=lambda hit: _distance(hit, term.casefold()))


def _called(term: str) -> list[Hit]:
    customers = Customer.objects.exclude(id=HOUSE_ID).select_related("sandbox_of")
    partly = list(customers.filter(_any("icontains", term))[:READ_MAX])
    are_all = len(partly) < READ_MAX
    exactly = [] if are_all else customers.filter(_any("iexact", term))[:READ_MAX]
    found = {one.id: one for one in [*exactly, *partly]}
    return [_hit(one, term) for one in found.values()]


def _any(lookup: str, term: str) -> Q:
    named = Q()
    for column in _NAMES:
        named |= Q((f"{column}__{lookup}", term))
    return named


def _hit(customer: Customer, term: str) -> Hit:
    said = {what: getattr(customer, column) or "" for column, what in _NAMES.items()}
    like = [what for what, value in said.items() if term.casefold() in value.casefold()]
    why = f"{like[0]} {said[like[0]]}" if like else "called so"
    return of_row(customer, f"{why} (a sandbox)" if customer.sandbox_of_id else why, customer)


def _of_people(term: str) -> list[Hit]:
    """By an address, or a part of one, of those who belong to it, are invited, or get receipts."""
    if len(term) < 3:
        return []
    members = Member.objects.filter(_address("user__email", term)).select_related(
        "customer", "user"
    )
    invited = Invitation.objects.filter(_address("email", term)).select_related("customer")
    billed = BillingProfile.objects.filter(_address("email", term)).select_related("customer")
    return [
        *(_known(one, f"bills go to {one.email}") for one in billed[:READ_MAX]),
        *(_known(one, f"invited {one.email}") for one in invited[:READ_MAX]),
        *(_known(one, f"member {one.user.email}") for one in members[:READ_MAX]),
    ]


def _address(column: str, term: str) -> Q:
    return Q((f"{column}__icontains", term))


def _known(row: Member | Invitation | BillingProfile, why: str) -> Hit:
    return of_row(row.customer, why, row.customer)


def _distance(hit: Hit, term: str) -> tuple[int, str]:
    """How far what it is called is from the term."""
    customer = hit.customer
    assert customer is not None
    called = [customer.name, customer.email or "", customer.external_id or ""]
    of_people = [word for word in hit.why.split() if "@" in word]
    told = [text.casefold() for text in [*called, *of_people]]
    if term in told:
        return 0, customer.name
    return (1 if any(text.startswith(term) for text in told) else 2), customer.name
