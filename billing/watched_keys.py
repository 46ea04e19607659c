"""Who is told that a key is used from unusually many addresses: the company, and operators."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts import ids, key_addresses
from accounts.key_addresses import Unusual
from accounts.models import Customer, Member
from accounts.permissions import RIGHTS, Right
from billing import mails
from billing.models import NoticeKind
from billing.operators import notices
from billing.operators.notices import Said

_KEEPERS = [role for role, rights in RIGHTS.items() if Right.KEYS in rights]


def look() -> int:
    """How many keys there are of which nobody was told today."""
    now = timezone.now()
    found = key_addresses.look(now)
    key_addresses.forget(now)
    for unusual in found:
        _mail(unusual)
        notices.tell(NoticeKind.KEY_ADDRESSES, _said(unusual))
    return len(found)


def _mail(unusual: Unusual) -> None:
    key, notice = unusual
    company: Customer = key.customer.sandbox_of or key.customer
    keepers = Member.objects.filter(customer=company, role__in=_KEEPERS, user__is_active=True)
    mails.write(
        "key addresses",
        f"{key.pk} {notice.day}",
        to=list(keepers.order_by("id").values_list("user__email", flat=True)),
        template="key_addresses",
        context={
            "company": company.name,
            "key": key,
            "notice": notice,
            "is_test": key.is_test(),
            "page": settings.PUBLIC_URL.rstrip("/") + reverse("keys"),
        },
        customer_id=company.pk,
    )


def _said(unusual: Unusual) -> Said:
    key, notice = unusual
    usual = (
        f"Usually it is {notice.usual}." if notice.usual else "It was not used in the week before."
    )
    return Said(
        f"A key of {key.customer} is used from many addresses",
        f"{ids.encode(ids.KEY, key.pk)} ({key.prefix}…) was used from {notice.addresses} addresses"
        f" in the hour of {notice.hour:%Y-%m-%d %H:%M} UTC. {usual} The company is told.",
        reverse("admin:accounts_apikey_change", args=[key.pk]),
        f"{key.pk} {notice.day}",
    )
