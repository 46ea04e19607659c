"""Who is told of a customer's credits."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from accounts.models import Customer, Member
from accounts.permissions import RIGHTS, Right
from billing.models import AlertSettings

_BUYERS = [role for role, rights in RIGHTS.items() if Right.BUY in rights]


def of(customers: Collection[UUID]) -> Mapping[UUID, list[str]]:
    """Members who may buy and the addresses that were entered for alerts, each once. Where there
    are none, the company's own address. Who is in no list: nobody is to be told."""
    found: dict[UUID, dict[str, None]] = defaultdict(dict)
    for customer_id, email in _members(customers):
        found[customer_id][email] = None
    for settings in AlertSettings.objects.filter(customer__in=customers):
        found[settings.customer_id] |= dict.fromkeys(settings.extra_recipients)
    for customer_id, email in _companies(customers):
        if not found[customer_id]:
            found[customer_id][email] = None
    return defaultdict(list, {customer_id: list(emails) for customer_id, emails in found.items()})


def _members(customers: Collection[UUID]) -> list[tuple[UUID, str]]:
    members = Member.objects.filter(
        customer__in=customers, role__in=_BUYERS, user__is_active=True
    ).order_by("created_at", "id")
    return list(members.values_list("customer_id", "user__email"))


def _companies(customers: Collection[UUID]) -> list[tuple[UUID, str]]:
    known = Customer.objects.filter(id__in=customers, email__isnull=False).exclude(email="")
    return [(id, email) for id, email in known.values_list("id", "email") if email]
