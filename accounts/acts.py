"""What staff do to customers and keys, each after it was confirmed."""

from dataclasses import replace
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.confirming import Act, Deed, Target
from accounts.models import ApiKey, Customer, CustomerStatus, ServiceKey, User

MAY_SUSPEND: Final = "accounts.suspend_customer"
MAY_REVOKE: Final = "accounts.revoke_key"


def _customer(customer: Customer, will: str, refusal: str) -> Target:
    if customer.sandbox_of_id is not None:
        refusal = "A sandbox follows its customer: choose that one."
    elif customer.status == CustomerStatus.CLOSED:
        refusal = "The account is closed, and stays so."
    return Target(
        key=str(customer.pk),
        name=customer.name,
        about=customer,
        now=customer.get_status_display(),
        will=will,
        refusal=refusal,
        page=reverse("admin:accounts_customer_change", args=[customer.pk]),
        customer_id=customer.pk,
    )


def _look_before_suspending(customer: Customer, by: User) -> Target:
    is_so = customer.status == CustomerStatus.SUSPENDED
    will = "Its calls are refused from within a second, by whichever key."
    return _customer(customer, will, "It is suspended already." if is_so else "")


def _look_before_resuming(customer: Customer, by: User) -> Target:
    is_so = customer.status == CustomerStatus.ACTIVE
    will = "Its calls are paid for again, with the balance that it has."
    return _customer(customer, will, "It is not suspended." if is_so else "")


def _suspend_customer(customer: Customer, deed: Deed) -> str:
    services.suspend_customer(customer)
    return f"{customer} is suspended."


def _resume_customer(customer: Customer, deed: Deed) -> str:
    services.resume_customer(customer)
    return f"{customer} is active again."


SUSPEND_CUSTOMER: Final = Act(
    code="suspend",
    done="customer.suspended",
    permission=MAY_SUSPEND,
    verb="Suspend",
    consequence="No new call is paid for, until staff resume the customer. Holds that are open can "
    "still be settled, the balance stays, credits expire when they are due, and the customer's "
    "people can sign in and buy.",
    look=_look_before_suspending,
    do=_suspend_customer,
    asks_why=True,
)
RESUME_CUSTOMER: Final = Act(
    code="resume",
    done="customer.resumed",
    permission=MAY_SUSPEND,
    verb="Resume",
    consequence="Calls are paid for again from within a second. Keys that were suspended or "
    "revoked one by one stay so.",
    look=_look_before_resuming,
    do=_resume_customer,
    asks_why=True,
)


def _key(key: ServiceKey | ApiKey, will: str, refusal: str) -> Target:
    whose = key.customer.name if isinstance(key, ApiKey) else key.service.name
    return Target(
        key=str(key.pk),
        name=f"{key} of {whose}",
        about=key,
        now=_standing(key),
        will=will,
        refusal=_ended(key) or refusal,
        page=reverse(f"admin:{key._meta.label_lower.replace('.', '_')}_change", args=[key.pk]),
        customer_id=key.customer_id if isinstance(key, ApiKey) else None,
    )


def _standing(key: Any) -> str:
    if key.revoked_at is not None:
        return f"Revoked {key.revoked_at:%Y-%m-%d %H:%M} UTC"
    if _has_expired(key):
        return f"Expired {key.expires_at:%Y-%m-%d %H:%M} UTC"
    if isinstance(key, ApiKey) and key.suspended_at is not None:
        return f"Suspended by {_by_whom(key)}"
    return "Works"


def _by_whom(key: ApiKey) -> str:
    if key.suspended_by_both:
        return "staff and by the customer"
    return "staff" if key.suspended_by_provider else "the customer"


def _has_expired(key: Any) -> bool:
    return key.expires_at is not None and key.expires_at <= timezone.now()


def _ended(key: Any) -> str:
    if key.revoked_at is not None:
        return "It is revoked already."
    return "It has expired: it opens nothing." if _has_expired(key) else ""


def _look_before_revoking(key: ServiceKey | ApiKey, by: User) -> Target:
    return _key(key, "It opens nothing any more, from within a second.", "")


def _look_before_suspending_key(key: ApiKey, by: User) -> Target:
    is_so = key.suspended_by_provider
    will = "It opens nothing until staff resume it."
    return _key(key, will, "Staff have suspended it already." if is_so else "")


def _look_before_resuming_key(key: ApiKey, by: User) -> Target:
    stays = "It stays suspended: the customer suspended it, too."
    will = stays if key.suspended_by_both else "It works again from within a second."
    refusal = "" if key.suspended_by_provider else "Staff have not suspended it."
    return _key(key, will, refusal)


def _revoke_key(key: ServiceKey | ApiKey, deed: Deed) -> str:
    services.revoke_key(key)
    return f"{key} is revoked."


def _suspend_key(key: ApiKey, deed: Deed) -> str:
    services.suspend_key(key, by_provider=True)
    return f"{key} is suspended."


def _resume_key(key: ApiKey, deed: Deed) -> str:
    services.resume_key(key, by_provider=True)
    if key.suspended_at is not None:
        return f"{key} stays suspended: the customer suspended it, too."
    return f"{key} works again."


REVOKE_KEY: Final = Act(
    code="revoke",
    done="key.revoked",
    permission=MAY_REVOKE,
    verb="Revoke",
    consequence="Whoever uses the key is refused, also with secrets that it had before. This "
    "cannot be undone: another key must be made. Open holds can be settled with another key.",
    look=_look_before_revoking,
    do=_revoke_key,
    asks_why=True,
)
SUSPEND_KEY: Final = Act(
    code="suspend",
    done="key.suspended",
    permission=MAY_REVOKE,
    verb="Suspend",
    consequence="Whoever uses the key is refused until staff resume it; the customer's own people "
    "cannot. Other keys of the customer work on. The customer is told by webhook.",
    look=_look_before_suspending_key,
    do=_suspend_key,
    asks_why=True,
)
RESUME_KEY: Final = Act(
    code="resume",
    done="key.resumed",
    permission=MAY_REVOKE,
    verb="Resume",
    consequence="What staff suspended works again. The customer is told by webhook.",
    look=_look_before_resuming_key,
    do=_resume_key,
)
# Of the provider's own services: not for those who look after customers.
REVOKE_SERVICE_KEY: Final = replace(REVOKE_KEY, permission="accounts.change_servicekey")
