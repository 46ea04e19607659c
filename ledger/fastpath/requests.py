"""The bodies of the debit API. A field that is not listed here is refused: misspelt, it would
change what is charged."""

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from accounts import ids
from accounts.errors import UNKNOWN_FIELD, InvalidRequest
from ledger import amounts
from ledger.errors import MalformedAmount
from ledger.prices.pricing import Outcome

METADATA_PAIRS_MAX = 20
METADATA_BYTES_MAX = 2048
OPERATIONS_MAX = 1000

# Only for the API's description: who reads them is stricter (amounts.py, prices/pricing.py).
AMOUNT_PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,6})?$"
AMOUNT_MAX = amounts.LIMIT // amounts.CREDIT
_CUSTOMER_PATTERN = f"^{ids.CUSTOMER}_[0-9a-f]{{32}}$"
_NUMBER_PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,9})?$"
_WITHOUT_NULL = r"^[^\u0000]*$"
_NUMBER_RANGE = {"minimum": 0, "maximum": 10**12 - 1}

Amount = Annotated[
    Annotated[str, Meta(extra_json_schema={"pattern": AMOUNT_PATTERN})]
    | Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": AMOUNT_MAX})],
    Meta(description="Credits: a decimal string with at most six places, or an integer."),
]
Number = (
    Annotated[str, Meta(extra_json_schema={"pattern": _NUMBER_PATTERN})]
    | Annotated[int, Meta(extra_json_schema=_NUMBER_RANGE)]
    | Annotated[float, Meta(extra_json_schema=_NUMBER_RANGE)]
)
Seconds = Annotated[int, Meta(ge=1, le=86_400)]
Overrun = Literal["reject", "cap", "available"]


class Request(Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class PricedCall(Request):
    """What the rate card prices a call by."""

    endpoint: Annotated[
        str | None, Meta(description="Code of the endpoint in the rate card in force.")
    ] = None
    method: Annotated[
        str | None, Meta(description="With `path`, instead of `endpoint`: the call's method.")
    ] = None
    path: Annotated[
        str | None, Meta(description="Matched against the endpoints' path templates.")
    ] = None
    quantity: Annotated[
        dict[str, Number] | Number | None,
        Meta(
            description='What the price per unit multiplies: `{"tokens": 1200}`, or a number where '
            "the endpoint has one unit. At most nine decimal places."
        ),
    ] = None


PayingCustomer = Annotated[
    Annotated[str, Meta(extra_json_schema={"pattern": _CUSTOMER_PATTERN})] | None,
    Meta(description="Who pays: a customer's id. Either this or `api_key`."),
]
PayingKey = Annotated[
    str | None, Meta(description="Who pays: the key that the end customer presented.")
]


class Reserve(PricedCall):
    """Hold credits before a call. A debit takes the same and commits it at once."""

    customer: PayingCustomer = None
    api_key: PayingKey = None
    address: Annotated[
        Annotated[str, Meta(max_length=45)] | None,
        Meta(
            description="The end customer's IP, for keys that are used from certain networks "
            "only, and for the log of calls."
        ),
    ] = None
    amount: Annotated[
        Amount | UnsetType,
        Meta(description="Exactly this many credits, whatever the price (scope `debits:amount`)."),
    ] = UNSET
    expires_in: Annotated[
        Seconds, Meta(description="Seconds until an open hold is free again, by the database.")
    ] = 900
    overrun: Annotated[
        Overrun,
        Meta(
            description="A commit above the hold is refused (`reject`), takes the hold only "
            "(`cap`), or takes the rest from what is available, all or nothing (`available`)."
        ),
    ] = "reject"
    metadata: Annotated[
        dict[str, str] | None, Meta(description="At most 20 pairs of strings, 2 KiB as JSON.")
    ] = None


LEASE_SECONDS_MAX = 1800
USAGE_MAX = 1000
LeaseSeconds = Annotated[int, Meta(ge=1, le=LEASE_SECONDS_MAX)]


class Lease(Request):
    """Hold credits that the holder spends without asking for each call."""

    amount: Annotated[Amount, Meta(description="How many credits it would like to have.")]
    customer: PayingCustomer = None
    api_key: PayingKey = None
    minimum: Annotated[
        Amount | UnsetType,
        Meta(description="What it can do with, where less is available. Not given: all of it."),
    ] = UNSET
    expires_in: Annotated[
        LeaseSeconds, Meta(description="Seconds for which it may be spent, by the database.")
    ] = 60


class LeaseUsage(Request):
    """Calls of one endpoint that a lease was spent on."""

    endpoint: Annotated[str, Meta(description="Code of the endpoint in the rate card in force.")]
    calls: Annotated[int, Meta(ge=1, le=10**9, description="How many.")] = 1
    quantity: Annotated[
        dict[str, Number] | Number | None,
        Meta(description="Of all these calls together, as a reservation has it of one."),
    ] = None
    amount: Annotated[
        Amount | UnsetType,
        Meta(
            description="What they cost together (scope `debits:amount`). Not given: their price."
        ),
    ] = UNSET


class Settle(Request):
    """Post what a lease was spent on. `sequence` counts from 1; sent again it is done once."""

    sequence: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    usage: Annotated[list[LeaseUsage], Meta(max_length=USAGE_MAX)] = []
    renew: Annotated[
        bool,
        Meta(description="`true`: it goes on, filled up again. `false`: the rest comes back."),
    ] = False
    amount: Annotated[
        Amount | UnsetType,
        Meta(
            description="With `renew`: what it shall have from now on. Not given: as before. "
            "What is spent and not settled yet must be in it."
        ),
    ] = UNSET
    expires_in: Annotated[
        LeaseSeconds | UnsetType, Meta(description="With `renew`: seconds from now.")
    ] = UNSET


class Commit(Request):
    """Settle a hold. With nothing given, all of it."""

    amount: Annotated[
        Amount | UnsetType, Meta(description="What the call cost. Zero is an amount.")
    ] = UNSET
    quantity: Annotated[
        dict[str, Number] | Number | None,
        Meta(description="Instead of `amount`: priced at the version that the hold pinned."),
    ] = None
    outcome: Annotated[
        Outcome | None, Meta(description="How the call ended; the endpoint says what is billed.")
    ] = None
    status_code: Annotated[
        Annotated[int, Meta(ge=100, le=599)] | None,
        Meta(description="Instead of `outcome`: the call's HTTP status."),
    ] = None
    final: Annotated[bool, Meta(description="`false` commits a part and keeps the rest held.")] = (
        True
    )


class Release(Request):
    """Give a hold back. There is nothing to say."""


class Extend(Request):
    expires_in: Annotated[
        Seconds, Meta(description="Seconds from now; at most 7 days after the hold was made.")
    ]


class Reverse(Request):
    """Give committed credits back to the lots that they came from."""

    reason: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=500,
            description="Why; kept with the transaction.",
            extra_json_schema={"pattern": _WITHOUT_NULL},
        ),
    ]
    amount: Annotated[
        Amount | UnsetType, Meta(description="With nothing given, all that is left.")
    ] = UNSET


class Batch(Request):
    """Operations that each succeed or fail by themselves, as if sent alone in this order."""

    operations: Annotated[
        list[Any],
        Meta(
            extra_json_schema={"minItems": 1, "maxItems": OPERATIONS_MAX},
            description="1 to 1,000 of them: the fields of the single request, with `op` (reserve, "
            "commit, release or debit), `idempotency_key` and, to settle, `reservation`.",
        ),
    ]


class Estimate(Request):
    """Calls to be priced, and whether a customer could pay for all of them."""

    calls: Annotated[list[PricedCall], Meta(min_length=1, max_length=OPERATIONS_MAX)]
    customer: Annotated[str | None, Meta(description="Whose credits are compared.")] = None


_Body = TypeVar("_Body", bound=Request)
_UNKNOWN = "Object contains unknown field `"


def read(body: object, shape: type[_Body]) -> _Body:
    """Raises MalformedAmount, InvalidRequest."""
    try:
        return msgspec.convert(body, shape)
    except msgspec.ValidationError as error:
        raise refusal(error) from None


def refusal(error: msgspec.ValidationError) -> MalformedAmount | InvalidRequest:
    """What is wrong with a body, in the words of the contract."""
    detail, _, where = str(error).partition(" - at `$")
    field = where.strip(".`")
    if field == "minimum" or field.rpartition(".")[2] == "amount":
        return MalformedAmount()
    if detail.startswith(_UNKNOWN):
        name = detail.removeprefix(_UNKNOWN)[:-1]
        field, detail = f"{field}.{name}" if field else name, UNKNOWN_FIELD
    return InvalidRequest([{"field": field or "body", "detail": detail}])


def check_metadata(metadata: dict[str, str]) -> None:
    """Raises InvalidRequest."""
    if len(metadata) > METADATA_PAIRS_MAX:
        raise _wrong_metadata(f"This has more than {METADATA_PAIRS_MAX} pairs.")
    if len(msgspec.json.encode(metadata)) > METADATA_BYTES_MAX:
        raise _wrong_metadata(f"This is longer than {METADATA_BYTES_MAX} bytes.")
    if any("\0" in text for pair in metadata.items() for text in pair):
        raise _wrong_metadata("Null characters are not allowed.")


def _wrong_metadata(detail: str) -> InvalidRequest:
    return InvalidRequest([{"field": "metadata", "detail": detail}])
