"""Every write to accounts. What a cache must hear of sets `changed_at`."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, NamedTuple, TypedDict, Unpack
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Coalesce, Least, Now
from django.utils.module_loading import import_string

from accounts import directory, ids, keys, sandboxes
from accounts.errors import (
    ExternalIdTaken,
    InvalidRequest,
    KeyEnded,
    NotInASandbox,
    ProvidersSuspension,
)
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
    time_zone: str


class CustomerChanges(CustomerFields, total=False):
    status: CustomerStatus


class KeyFields(TypedDict, total=False):
    name: str
    expires_at: datetime | None
    endpoints: list[str] | None
    networks: list[str]


class NewServiceKey(NamedTuple):
    key: ServiceKey
    secret: str


class NewApiKey(NamedTuple):
    key: ApiKey
    secret: str


def create_customer(**fields: Unpack[CustomerFields]) -> Customer:
    """Raises ExternalIdTaken. Its days are the provider's, unless told otherwise."""
    if "time_zone" not in fields:
        fields["time_zone"] = import_string(settings.PROVIDERS_TIME_ZONE)()
    with _refusing_taken_external_ids():
        return Customer.objects.create(**fields)


def update_customer(customer: Customer, **changes: Unpack[CustomerChanges]) -> Customer:
    """Change these fields and no others; a sandbox follows. Raises ExternalIdTaken, and
    NotInASandbox for a sandbox of which something is changed that it has of its customer."""
    if customer.sandbox_of_id is not None and changes.keys() & sandboxes.followed(customer).keys():
        raise NotInASandbox("A sandbox follows its customer: change that one.")
    if "status" in changes and _is_closed(customer) and changes["status"] != CustomerStatus.CLOSED:
        raise InvalidRequest([{"field": "status", "detail": "The account is closed for good."}])
    with _refusing_taken_external_ids():
        Customer.objects.filter(id=customer.id).update(**changes, changed_at=Now())
        customer.refresh_from_db()
        Customer.objects.filter(sandbox_of=customer).update(
            **sandboxes.followed(customer), changed_at=Now()
        )
    return customer


def suspend_customer(customer: Customer) -> Customer:
    """From within a second no process lets this customer spend; holds can still be settled."""
    return update_customer(customer, status=CustomerStatus.SUSPENDED)


def resume_customer(customer: Customer) -> Customer:
    return update_customer(customer, status=CustomerStatus.ACTIVE)


def close_customer(customer: Customer) -> Customer:
    """For good: nothing is paid for any more, and its people may look and no more. What it has must
    be settled before."""
    return update_customer(customer, status=CustomerStatus.CLOSED)


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


def create_api_key_once(
    id: UUID, *, customer: Customer, **fields: Unpack[KeyFields]
) -> NewApiKey | None:
    """None where this one was made before."""
    if ApiKey.objects.filter(id=id).exists():
        return None
    try:
        with transaction.atomic():
            return create_api_key(customer=customer, id=id, **fields)
    except IntegrityError:
        # The same form, sent twice at once.
        return None


def create_api_key(
    *, customer: Customer, id: UUID | None = None, **fields: Unpack[KeyFields]
) -> NewApiKey:
    """A key and its secret, which nobody can show again. A sandbox's is a test key."""
    with transaction.atomic():
        made = make_api_key(customer, id=id, **fields)
        tell_of_key(made.key, "key.created")
    return made


def make_api_key(
    customer: Customer, *, id: UUID | None = None, **fields: Unpack[KeyFields]
) -> NewApiKey:
    """Nobody is told. Raises CustomerSuspended for an account that is closed."""
    sandboxes.require_open(customer)
    secret = new_secret(customer)
    key = ApiKey.objects.create(
        id=id or ids.uuid7(),
        customer=customer,
        prefix=keys.shown_prefix(secret),
        digest=key_digest(secret),
        **fields,
    )
    return NewApiKey(key, secret)


def new_secret(customer: Customer) -> str:
    return keys.generate(KeyKind.CUSTOMER if customer.sandbox_of_id is None else KeyKind.TEST)


def change_key(key: ApiKey, **changes: Unpack[KeyFields]) -> ApiKey:
    """These fields and no others. Raises KeyEnded."""
    with transaction.atomic():
        locked_key(key)
        ApiKey.objects.filter(id=key.id).update(**changes, changed_at=Now())
        theirs: dict[str, Any] = {**changes}
        if "expires_at" in theirs:
            theirs["expires_at"] = Least("expires_at", theirs["expires_at"])
        _secrets_before(key).update(**theirs, changed_at=Now())
    key.refresh_from_db()
    return key


def suspend_key(key: ApiKey, *, by_provider: bool = False) -> None:
    """From within a second no process accepts it, until who suspended it resumes it: both, where
    the provider and the customer did. Raises KeyEnded."""
    with transaction.atomic():
        was = locked_key(key).suspended_at
        both = ApiKey.objects.filter(id=key.id) | _secrets_before(key)
        by = _BY_PROVIDER if by_provider else _BY_CUSTOMER
        both.update(suspended_at=Coalesce("suspended_at", Now()), changed_at=Now(), **by)
        if was is None:
            tell_of_key(key, "key.suspended")
    key.refresh_from_db()


def resume_key(key: ApiKey, *, by_provider: bool = False) -> None:
    """The provider undoes its own suspension and no other: the key stays suspended where the
    customer had suspended it. Raises KeyEnded, and ProvidersSuspension for a customer who would
    undo the provider's."""
    with transaction.atomic():
        was = locked_key(key)
        if was.suspended_by_provider and not by_provider:
            raise ProvidersSuspension
        both = ApiKey.objects.filter(id=key.id) | _secrets_before(key)
        if by_provider:
            _undo_the_providers(both)
        else:
            both.filter(suspended_by_provider=False).update(suspended_at=None, changed_at=Now())
            both.filter(suspended_by_both=True).update(suspended_by_both=False, changed_at=Now())
        key.refresh_from_db()
        if was.suspended_at is not None and key.suspended_at is None:
            tell_of_key(key, "key.resumed")


# What is noted beside the time; the right sides are as it was before.
_BY_CUSTOMER: Final[dict[str, Any]] = {"suspended_by_both": F("suspended_by_provider")}
_BY_PROVIDER: Final[dict[str, Any]] = {
    "suspended_by_provider": True,
    "suspended_by_both": Case(
        When(suspended_at__isnull=False, suspended_by_provider=False, then=True),
        default=F("suspended_by_both"),
    ),
}


def _undo_the_providers(keys: QuerySet[ApiKey]) -> None:
    keys.filter(suspended_by_provider=True).update(
        suspended_at=Case(When(suspended_by_both=True, then=F("suspended_at")), default=None),
        suspended_by_provider=False,
        suspended_by_both=False,
        changed_at=Now(),
    )


def _secrets_before(key: ApiKey) -> QuerySet[ApiKey]:
    """That were rotated away and still work: what is done to the key is done to them."""
    return ApiKey.objects.filter(replaced_by=key, revoked_at=None)


def locked_key(key: ApiKey) -> ApiKey:
    """As it is now, and stays in this database transaction. Raises KeyEnded."""
    found = ApiKey.objects.select_for_update(no_key=True, of=("self",))
    now = found.select_related("customer").get(id=key.id)
    if now.has_ended():
        raise KeyEnded
    return now


def revoke_key(key: ServiceKey | ApiKey) -> None:
    """Within a second no process accepts the key. Revoking again keeps the first instant."""
    valid = type(key)._default_manager.filter(id=key.id, revoked_at=None)
    with transaction.atomic():
        if valid.update(revoked_at=Now(), changed_at=Now()) and isinstance(key, ApiKey):
            _secrets_before(key).update(revoked_at=Now(), changed_at=Now())
            tell_of_key(key, "key.revoked")
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


def add_member(*, customer: Customer, user: User, role: Role) -> Member:
    return Member.objects.create(customer=customer, user=user, role=role)


def tell_of_key(key: ApiKey, kind: str, **also: str | int) -> None:
    """Whoever belongs to the customer: of what is shown of the key, and nothing else."""
    tell = import_string(settings.TELL_OF_KEYS)
    tell(key.customer_id, kind, str(key.id), {"name": key.name, "prefix": key.prefix, **also})


def _is_closed(customer: Customer) -> bool:
    return Customer.objects.filter(id=customer.id, status=CustomerStatus.CLOSED).exists()


@contextmanager
def _refusing_taken_external_ids() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "customer_external_id_unique" in str(error):
            raise ExternalIdTaken from error
        raise
