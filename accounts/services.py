"""Every write to accounts. What a cache must hear of sets `changed_at`."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple, TypedDict, Unpack
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from accounts import directory, ids, keys
from accounts.errors import ExternalIdTaken
from accounts.keys import KeyKind
from accounts.models import (
    ApiKey,
    Customer,
    CustomerStatus,
    Member,
    Role,
    Scope,
    Service,
    ServiceKey,
    User,
)
from accounts.selectors import key_digest


class CustomerFields(TypedDict, total=False):
    name: str
    email: str | None
    external_id: str | None
    metadata: dict[str, str]


class CustomerChanges(CustomerFields, total=False):
    status: CustomerStatus


class NewServiceKey(NamedTuple):
    key: ServiceKey
    secret: str


class NewApiKey(NamedTuple):
    key: ApiKey
    secret: str


def create_customer(**fields: Unpack[CustomerFields]) -> Customer:
    """Raises ExternalIdTaken."""
    with _refusing_taken_external_ids():
        return Customer.objects.create(**fields)


def update_customer(customer: Customer, **changes: Unpack[CustomerChanges]) -> Customer:
    """Change these fields and no others. Raises ExternalIdTaken."""
    with _refusing_taken_external_ids():
        Customer.objects.filter(id=customer.id).update(**changes, changed_at=Now())
    customer.refresh_from_db()
    return customer


def suspend_customer(customer: Customer) -> Customer:
    """From within a second no process lets this customer spend; holds can still be settled."""
    return update_customer(customer, status=CustomerStatus.SUSPENDED)


def resume_customer(customer: Customer) -> Customer:
    return update_customer(customer, status=CustomerStatus.ACTIVE)


def suspend_keys(customer_id: UUID) -> bool:
    """From within a second its own keys spend nothing; who names the customer still may. Whether
    they did until now."""
    running = Customer.objects.filter(id=customer_id, keys_suspended_at=None)
    return bool(running.update(keys_suspended_at=Now(), changed_at=Now()))


def restore_keys(customer_id: UUID) -> bool:
    """Whether they were suspended."""
    suspended = Customer.objects.filter(id=customer_id, keys_suspended_at__isnull=False)
    return bool(suspended.update(keys_suspended_at=None, changed_at=Now()))


def create_service(*, name: str) -> Service:
    return Service.objects.create(name=name)


def create_service_key(
    *,
    service: Service,
    scopes: Sequence[Scope],
    name: str = "",
    expires_at: datetime | None = None,
) -> NewServiceKey:
    """A key and its secret, which nobody can show again."""
    secret = keys.generate(KeyKind.SERVICE)
    key = ServiceKey.objects.create(
        service=service,
        scopes=list(scopes),
        name=name,
        prefix=keys.shown_prefix(secret),
        digest=key_digest(secret),
        expires_at=expires_at,
    )
    return NewServiceKey(key, secret)


def create_api_key_once(id: UUID, *, customer: Customer, name: str) -> NewApiKey | None:
    """None where this one was made before."""
    if ApiKey.objects.filter(id=id).exists():
        return None
    try:
        with transaction.atomic():
            return create_api_key(customer=customer, name=name, id=id)
    except IntegrityError:
        # The same form, sent twice at once.
        return None


def create_api_key(
    *,
    customer: Customer,
    name: str = "",
    expires_at: datetime | None = None,
    id: UUID | None = None,
) -> NewApiKey:
    """A key and its secret, which nobody can show again."""
    secret = keys.generate(KeyKind.CUSTOMER)
    with transaction.atomic():
        key = ApiKey.objects.create(
            id=id or ids.uuid7(),
            customer=customer,
            name=name,
            prefix=keys.shown_prefix(secret),
            digest=key_digest(secret),
            expires_at=expires_at,
        )
        _tell(key, "key.created")
    return NewApiKey(key, secret)


def revoke_key(key: ServiceKey | ApiKey) -> None:
    """Within a second no process accepts the key. Revoking again keeps the first instant."""
    valid = type(key)._default_manager.filter(id=key.id, revoked_at=None)
    with transaction.atomic():
        if valid.update(revoked_at=Now(), changed_at=Now()) and isinstance(key, ApiKey):
            _tell(key, "key.revoked")
    key.refresh_from_db(fields=["revoked_at", "changed_at"])


def touch_keys(ids: Collection[UUID]) -> None:
    """Note that these keys, of either kind, were used just now."""
    with connection.cursor() as cursor:
        for statement in (directory.TOUCH_SERVICE_KEYS, directory.TOUCH_API_KEYS):
            cursor.execute(statement, {"ids": list(ids)})


def create_user(*, email: str, password: str | None = None, name: str = "") -> User:
    """A person who may sign in to the portal. Without a password, not by password.

    Who makes people so answers for it that the address is theirs.
    """
    with transaction.atomic():
        user = User.objects.create_user(email, password, name=name)
        verify_address(user)
    return user


def verify_address(user: User) -> None:
    """The person's e-mail is the one address that sign-in knows, and needs no proof."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )


def turn_off_second_factor(user: User) -> None:
    """For whoever has lost the phone and the recovery codes: the password alone opens again."""
    Authenticator.objects.filter(user=user).delete()


def rename_user(user: User, *, name: str) -> None:
    User.objects.filter(id=user.id).update(name=name)
    user.name = name


def rename_key(key: ApiKey, *, name: str) -> None:
    ApiKey.objects.filter(id=key.id).update(name=name)
    key.name = name


def add_member(*, customer: Customer, user: User, role: Role) -> Member:
    return Member.objects.create(customer=customer, user=user, role=role)


def _tell(key: ApiKey, kind: str) -> None:
    """Whoever belongs to the customer: of what is shown of the key, and nothing else."""
    tell = import_string(settings.TELL_OF_KEYS)
    tell(key.customer_id, kind, str(key.id), {"name": key.name, "prefix": key.prefix})


@contextmanager
def _refusing_taken_external_ids() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "customer_external_id_unique" in str(error):
            raise ExternalIdTaken from error
        raise
