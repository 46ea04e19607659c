"""What each operation is for, what it takes and answers, and how it may be refused beyond what all
operations like it share (`problems.py`). Its address, key and scope come from the code."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from rest_framework.serializers import Serializer

from accounts import serializers as accounts
from config.openapi import parameters
from ledger import call_serializers as calls
from ledger import serializers as ledger
from ledger.api import sandbox, statement
from ledger.fastpath import answers, batch, cloudevents, reporting, requests
from ledger.limits import output as limits_output
from ledger.limits import written as limits_written

Json = dict[str, Any]
Shape = type[Serializer[Any]] | type[Any] | None


class Described(NamedTuple):
    id: str
    summary: str
    description: str = ""
    takes: Shape = None
    answers: Shape = None
    status: HTTPStatus = HTTPStatus.OK
    is_list: bool = False
    parameters: tuple[Json, ...] = ()
    beside: Json = {}  # what a list says beside its data
    problems: tuple[str, ...] = ()
    media: str = "application/json"
    media_of_list: str = ""  # a list of what it takes


_CANNOT_PAY: Final = (
    "insufficient-credits",
    "spend-cap-reached",
    "rate-limited",
    "customer-suspended",
    "key-invalid",
    "key-revoked",
    "key-expired",
    "key-suspended",
    "not-found",
    "malformed-amount",
)
_PAYING: Final = (
    *_CANNOT_PAY,
    "endpoint-not-allowed",
    "address-not-allowed",
    "unknown-endpoint",
    "unknown-quantity",
)
_ENDED: Final = (
    "reservation-committed",
    "reservation-released",
    "reservation-expired",
    "reservation-reversed",
)

OPERATIONS: Final[Mapping[tuple[str, str], Described]] = {
    ("POST", "/v1/customers"): Described(
        "createCustomer",
        "Create a customer",
        "The customer starts without credits and without keys.",
        takes=accounts.CustomerInput,
        answers=accounts.CustomerOutput,
        status=HTTPStatus.CREATED,
        problems=("external-id-taken",),
    ),
    ("GET", "/v1/customers/{customer_id}"): Described(
        "readCustomer", "Read a customer", answers=accounts.CustomerOutput
    ),
    ("PATCH", "/v1/customers/{customer_id}"): Described(
        "changeCustomer",
        "Change a customer",
        "What is not named stays as it is. A suspended customer reserves nothing; what it holds "
        "can still be settled.",
        takes=accounts.CustomerChangesInput,
        answers=accounts.CustomerOutput,
        problems=("external-id-taken", "not-in-a-sandbox"),
    ),
    ("POST", "/v1/customers/{customer_id}/keys"): Described(
        "createKey",
        "Make a key for a customer",
        "The secret is shown this once: whoever repeats the request gets null for it. It may be "
        "limited to endpoints, to networks and in time; with `test` it is of the sandbox.",
        takes=accounts.ApiKeyInput,
        answers=accounts.NewApiKeyOutput,
        status=HTTPStatus.CREATED,
    ),
    ("PATCH", "/v1/keys/{key_id}"): Described(
        "changeKey",
        "Change a customer's key",
        "Its name and its limits, and whether it is suspended. What is not named stays as it is; "
        "within a second all processes know.",
        takes=accounts.ApiKeyPatchInput,
        answers=accounts.ApiKeyOutput,
        problems=("key-ended",),
    ),
    ("POST", "/v1/keys/{key_id}/rotate"): Described(
        "rotateKey",
        "Rotate a customer's key",
        "The key stays and gets another secret, which is shown this once. `old` is the secret "
        "that it had, as a key of its own that pays as this one until the overlap ends; revoke it "
        "to end that at once.",
        takes=accounts.RotationInput,
        answers=accounts.RotatedKeyOutput,
        status=HTTPStatus.CREATED,
        problems=("key-ended",),
    ),
    ("DELETE", "/v1/keys/{key_id}"): Described(
        "revokeKey",
        "Revoke a key",
        "A customer's or a service's. Within a second no process accepts it.",
        status=HTTPStatus.NO_CONTENT,
    ),
    ("POST", "/v1/customers/{customer_id}/grants"): Described(
        "grantCredits",
        "Grant credits",
        "They are one lot, with its own expiry, and its price where they were paid for.",
        takes=ledger.GrantInput,
        answers=ledger.GrantOutput,
        status=HTTPStatus.CREATED,
        problems=(
            "malformed-amount",
            "malformed-money",
            "expiry-in-past",
            "price-missing",
            "price-not-allowed",
            "not-in-a-sandbox",
        ),
    ),
    ("GET", "/v1/customers/{customer_id}/balance"): Described(
        "readBalance",
        "Read a balance",
        "As of this second: what has expired is not counted, whether or not a job has run.",
        answers=ledger.CustomerBalanceOutput,
    ),
    ("GET", "/v1/customers/{customer_id}/sandbox"): Described(
        "readSandbox",
        "Read a customer's sandbox",
        "What the test wallet has, and what its clock says. There is one once a test key was made, "
        "or it was refilled.",
        answers=sandbox.SandboxOutput,
    ),
    ("POST", "/v1/customers/{customer_id}/sandbox/refill"): Described(
        "refillSandbox",
        "Refill a customer's sandbox",
        "Test credits, which are in no report. The sandbox is opened where there is none.",
        takes=sandbox.RefillInput,
        answers=sandbox.RefillOutput,
        status=HTTPStatus.CREATED,
        problems=("malformed-amount",),
    ),
    ("POST", "/v1/customers/{customer_id}/sandbox/clock"): Described(
        "moveSandboxClock",
        "Move a sandbox's clock",
        "Forwards: what expires until then expires, and limits begin anew. By a year at most, all "
        "in all.",
        takes=sandbox.ClockInput,
        answers=sandbox.SandboxOutput,
        problems=("sandbox-only",),
    ),
    ("GET", "/v1/customers/{customer_id}/lots"): Described(
        "listLots", "List lots", "The last granted first.", answers=ledger.LotOutput, is_list=True
    ),
    ("GET", "/v1/customers/{customer_id}/transactions"): Described(
        "listTransactions",
        "List transactions",
        "Everything that changed the balance, the last first. Versions have no gaps.",
        answers=ledger.TransactionOutput,
        is_list=True,
    ),
    ("GET", "/v1/customers/{customer_id}/statement"): Described(
        "readStatement",
        "Read a statement",
        "Every line that changed the balance, the last first, with the balance after it; the "
        "balance at both ends, and sums by kind between them. Of the last 30 days unless asked "
        "otherwise. A lot that ends is gone at that instant, even where that is posted later.",
        answers=statement.LineOutput,
        is_list=True,
        parameters=(parameters.FROM, parameters.TO),
        beside=parameters.STATEMENT,
    ),
    ("GET", "/v1/customers/{customer_id}/calls"): Described(
        "listCalls",
        "List calls",
        "Every reservation and debit, the last made first: what was called, with whose key, from "
        "where, how it ended and what it cost.",
        answers=calls.CallOutput,
        is_list=True,
        parameters=(
            parameters.FROM,
            parameters.TO,
            parameters.ENDPOINT,
            parameters.KEY,
            parameters.STATUS,
            parameters.OUTCOME,
            parameters.REQUEST_OF_CALL,
        ),
    ),
    ("GET", "/v1/customers/{customer_id}/usage"): Described(
        "readUsage",
        "Sum usage",
        "The calls that were committed and the credits that they took, of the last 30 days unless "
        "asked otherwise, of 366 days at most.",
        answers=calls.UsageOutput,
        is_list=True,
        parameters=(parameters.FROM, parameters.TO, parameters.GROUP_BY),
        beside=parameters.PERIOD,
    ),
    ("GET", "/v1/customers/{customer_id}/limits"): Described(
        "readLimits",
        "Read limits",
        "Those in force of the customer, its keys and endpoints, whoever gave them: what is used "
        "of each, and when it begins anew.",
        answers=limits_output.LimitsOutput,
    ),
    ("PUT", "/v1/customers/{customer_id}/limits"): Described(
        "setLimits",
        "Set limits",
        "The provider's own for this customer, in place of those that it gave before. They go "
        "before the plan's of the same kind; the customer's own stay beside them.",
        takes=limits_written.GivenLimits,
        answers=limits_output.LimitsOutput,
        problems=("cap-below-spent",),
    ),
    ("POST", "/v1/estimate"): Described(
        "estimate",
        "Estimate what calls cost",
        "By the rate card in force, or by what a customer pays after what its month has had so "
        "far, and whether it could pay for all of them now. Nothing is written.",
        takes=requests.Estimate,
        answers=calls.EstimateOutput,
        problems=("not-found", "unknown-endpoint", "unknown-quantity"),
    ),
    ("GET", "/v1/endpoints"): Described(
        "listEndpoints",
        "List endpoints",
        "The rate card in force: what each call costs now. Of a customer with prices of its own, "
        "or whose key asks, it is what that customer pays.",
        answers=ledger.EndpointOutput,
        is_list=True,
        parameters=(parameters.PAYING,),
        problems=("not-found",),
    ),
    ("POST", "/v1/reservations"): Described(
        "reserve",
        "Reserve credits",
        "Holds what a call costs before it is run, or refuses it. Say who pays (`customer` or "
        "`api_key`) and for what (`endpoint`, or `method` and `path`, or an `amount`).",
        takes=requests.Reserve,
        answers=answers.Reservation,
        status=HTTPStatus.CREATED,
        problems=_PAYING,
    ),
    ("GET", "/v1/reservations"): Described(
        "listReservations",
        "List reservations",
        "The last made first. A customer's own key sees that customer's.",
        answers=ledger.ReservationOutput,
        is_list=True,
        parameters=(
            parameters.CUSTOMER,
            parameters.STATUS,
            parameters.KEY_OF_RESERVATION,
        ),
        problems=("not-found", "idempotency-key-malformed"),
    ),
    ("GET", "/v1/reservations/{reservation_id}"): Described(
        "readReservation", "Read a reservation", answers=ledger.ReservationNowOutput
    ),
    ("POST", "/v1/reservations/{reservation_id}/commit"): Described(
        "commit",
        "Commit a reservation",
        "Settles a hold for what the call cost, or for all of it when nothing is given; the rest "
        "is free again. The same settlement sent twice is done once.",
        takes=requests.Commit,
        answers=answers.Reservation,
        problems=(
            *_ENDED,
            "amount-exceeds-reservation",
            "insufficient-credits",
            "spend-cap-reached",
            "malformed-amount",
            "unknown-quantity",
        ),
    ),
    ("POST", "/v1/reservations/{reservation_id}/release"): Described(
        "release",
        "Release a reservation",
        "Gives a hold back without using any of it.",
        takes=requests.Release,
        answers=answers.Reservation,
        problems=_ENDED,
    ),
    ("POST", "/v1/reservations/{reservation_id}/extend"): Described(
        "extend",
        "Extend a reservation",
        "Keeps a hold for longer: `expires_in` counts from now.",
        takes=requests.Extend,
        answers=answers.Reservation,
        problems=(*_ENDED, "extension-too-long"),
    ),
    ("POST", "/v1/reservations/{reservation_id}/reverse"): Described(
        "reverse",
        "Reverse a commit",
        "Gives committed credits back to the lots that they came from, as a new transaction.",
        takes=requests.Reverse,
        answers=answers.Reservation,
        problems=(
            "reservation-held",
            *_ENDED,
            "amount-exceeds-reservation",
            "malformed-amount",
        ),
    ),
    ("POST", "/v1/leases"): Described(
        "lease",
        "Lease credits",
        "A hold that its holder spends locally: it stops at `expires_at` on its own clock, started "
        "before it asked, and settles what it spent. The rest comes back after a grace.",
        takes=requests.Lease,
        answers=answers.Leased,
        status=HTTPStatus.CREATED,
        problems=(*_CANNOT_PAY, "lease-impossible"),
    ),
    ("POST", "/v1/leases/{lease_id}/settle"): Described(
        "settleLease",
        "Settle a lease",
        "Posts what it was spent on, each line as calls of an endpoint, and renews or ends it. It "
        "is named by its `sequence`, so that it takes no Idempotency-Key.",
        takes=requests.Settle,
        answers=answers.Leased,
        problems=(
            "lease-sequence-gap",
            "lease-expired",
            "lease-ended",
            "amount-exceeds-lease",
            "unknown-endpoint",
            "unknown-quantity",
            "malformed-amount",
        ),
    ),
    ("POST", "/v1/debits"): Described(
        "debit",
        "Debit credits",
        "Reserves and commits in one step, for calls whose cost is known before they are run.",
        takes=requests.Reserve,
        answers=answers.Reservation,
        status=HTTPStatus.CREATED,
        problems=_PAYING,
    ),
    ("POST", "/v1/batch"): Described(
        "batch",
        "Do many operations at once",
        "Each succeeds or fails by itself, as if sent alone in this order; all of them are durable "
        "before the answer.",
        takes=requests.Batch,
        answers=batch.Results,
        problems=("too-many-operations",),
    ),
    ("POST", "/v1/events"): Described(
        "reportUsage",
        "Report usage after the fact",
        "One CloudEvent, or a list of up to 1,000, each of a call that was done already: `subject` "
        "is the customer, `type` the endpoint. Source and id name it, for 30 days: it is charged "
        "once however often it is sent, at the prices of its own time. Each is accepted, a "
        "duplicate or rejected by itself. In binary mode the attributes are `ce-*` headers.",
        takes=cloudevents.Event,
        answers=reporting.EventResults,
        status=HTTPStatus.ACCEPTED,
        problems=("too-many-operations", "unsupported-media-type"),
        media=cloudevents.ONE,
        media_of_list=cloudevents.LIST,
    ),
}
