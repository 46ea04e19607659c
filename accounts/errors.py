"""What accounts refuses.

AccountsError
├── InvalidRequest             invalid-request
├── ExternalIdTaken            external-id-taken
├── Unauthorized               unauthorized
├── Forbidden                  forbidden
├── NotFound                   not-found
│   └── InvalidId
├── CustomerSuspended          customer-suspended
├── KeyRefused
│   ├── KeyInvalid             key-invalid
│   ├── KeyRevoked             key-revoked
│   ├── KeyExpired             key-expired
│   ├── KeySuspended           key-suspended
│   ├── OneKeySuspended        key-suspended
│   ├── EndpointNotAllowed     endpoint-not-allowed
│   └── AddressNotAllowed      address-not-allowed
├── KeyEnded                   key-ended
├── SandboxOnly                sandbox-only
├── NotInASandbox              not-in-a-sandbox
└── IdempotencyError
    ├── IdempotencyKeyMissing    idempotency-key-missing
    ├── IdempotencyKeyMalformed  idempotency-key-malformed
    └── IdempotencyKeyReused     idempotency-key-reused

MemberError, which no call of the API is answered with
├── LastOwner
├── MemberAlready
├── InvitationRefused
└── ProvidersSuspension
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

# Misspelt, a field would change what is done.
UNKNOWN_FIELD: Final = "Unknown field."


class AccountsError(Exception):
    """A refusal: a stable `code`, a sentence, and `members` for the problem document."""

    code: ClassVar[str]
    default_detail: ClassVar[str] = ""

    def __init__(self, detail: str = "", *, members: Mapping[str, Any] | None = None) -> None:
        self.detail = detail or self.default_detail
        self.members = dict(members or {})
        super().__init__(self.detail)


class InvalidRequest(AccountsError):
    """`members["errors"]` names each wrong field: [{"field": "email", "detail": "..."}]."""

    code = "invalid-request"

    def __init__(self, errors: list[dict[str, str]]) -> None:
        detail = " ".join(f"{error['field']}: {error['detail']}" for error in errors)
        super().__init__(detail, members={"errors": errors})


class ExternalIdTaken(AccountsError):
    code = "external-id-taken"
    default_detail = "Another customer has this external_id."


class Unauthorized(AccountsError):
    """The Authorization header carries no key that we accept."""

    code = "unauthorized"
    default_detail = "Send a valid key as Authorization: Bearer KEY."


class Forbidden(AccountsError):
    code = "forbidden"
    default_detail = "This key may not do this."


class NotFound(AccountsError):
    """Absent, or another customer's: the answer does not tell which."""

    code = "not-found"
    default_detail = "There is no such object."


class InvalidId(NotFound):
    """A text that cannot be one of our ids, so nothing can have it."""


class CustomerSuspended(AccountsError):
    code = "customer-suspended"
    default_detail = "This customer is suspended."


class KeyRefused(AccountsError):
    """A key that a caller presented does not open anything."""


class KeyInvalid(KeyRefused):
    code = "key-invalid"
    default_detail = "This key is unknown or mistyped."


class KeyRevoked(KeyRefused):
    code = "key-revoked"
    default_detail = "This key has been revoked."


class KeyExpired(KeyRefused):
    code = "key-expired"
    default_detail = "This key has expired."


class KeySuspended(KeyRefused):
    """All keys of a customer who owes something: as soon as it is paid, they work again."""

    code = "key-suspended"
    default_detail = (
        "A payment for this customer's credits failed and is owed, so its keys are suspended: pay "
        "it, and they work again."
    )


class OneKeySuspended(KeyRefused):
    """This key and no other, by whoever manages it: nothing has to be paid."""

    code = "key-suspended"
    default_detail = "This key is suspended, until somebody who manages the keys resumes it."


class EndpointNotAllowed(KeyRefused):
    code = "endpoint-not-allowed"
    default_detail = "This key pays for certain endpoints only, and the call names none of them."


class AddressNotAllowed(KeyRefused):
    code = "address-not-allowed"
    default_detail = "This key is used from certain networks only, and this address is in none."


class KeyEnded(AccountsError):
    """Of what is asked of a key, not with it."""

    code = "key-ended"
    default_detail = "This key is revoked or has expired: what it was stays as it is."


class SandboxOnly(AccountsError):
    code = "sandbox-only"
    default_detail = "This is for sandboxes: name the customer's test wallet."


class NotInASandbox(AccountsError):
    code = "not-in-a-sandbox"
    default_detail = "No money moves in a sandbox: its credits are for tests."


class IdempotencyError(AccountsError):
    """The Idempotency-Key header cannot be honoured."""


class IdempotencyKeyMissing(IdempotencyError):
    code = "idempotency-key-missing"
    default_detail = "Send an Idempotency-Key header with every write."


class IdempotencyKeyMalformed(IdempotencyError):
    code = "idempotency-key-malformed"
    default_detail = (
        "An idempotency key has 1 to 255 printable ASCII characters, bare or in double quotes."
    )


class IdempotencyKeyReused(IdempotencyError):
    code = "idempotency-key-reused"
    default_detail = "This idempotency key was used before, with another request."


class MemberError(Exception):
    """What the portal's pages refuse to a company's own people, in the words of the page."""

    detail: ClassVar[str]


class LastOwner(MemberError):
    detail = "A company needs an owner: make somebody else one first."


class MemberAlready(MemberError):
    detail = "This person is a member already."


class InvitationRefused(MemberError):
    detail = "This invitation is for another address, or is no longer open."


class ProvidersSuspension(MemberError):
    detail = "Your provider has suspended this key: ask them to let it work again."
