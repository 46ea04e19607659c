"""CloudEvents 1.0 as they come by HTTP: one in structured mode, one in binary mode, or a list.

A list is decoded at once, and one by one only where something in it is wrong, so that it is known
which. The `cloudevents` package is not used: it makes a dict of each event and has no list.
"""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import unquote

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from accounts.errors import InvalidRequest
from ledger.errors import LedgerError
from ledger.fastpath import requests
from ledger.fastpath.calls import Refusal, invalid
from ledger.fastpath.http import decode, has_minus_zero
from ledger.fastpath.refusals import UnsupportedMediaType
from ledger.fastpath.requests import Amount, Number, Request
from ledger.prices.pricing import Outcome

ONE: Final = "application/cloudevents+json"
LIST: Final = "application/cloudevents-batch+json"
EVENTS_MAX: Final = 1000
TEXT_MAX: Final = 1024

_BINARY: Final = b"ce-specversion"
_CHARSETS: Final = ("", "utf-8", "utf8", "us-ascii")


class Usage(Request):
    """What was used. A field that is not listed here is refused: misspelt, it would change what is
    charged."""

    quantity: Annotated[
        dict[str, Number] | Number | None,
        Meta(
            description='What the price per unit multiplies: `{"tokens": 1200}`, '
            "or a number of the endpoint's own unit."
        ),
    ] = None
    outcome: Annotated[
        Outcome | None, Meta(description="How the call ended; the endpoint says what is billed.")
    ] = None
    status_code: Annotated[
        Annotated[int, Meta(ge=100, le=599)] | None,
        Meta(description="Instead of `outcome`: the call's HTTP status."),
    ] = None
    calls: Annotated[int, Meta(ge=1, le=10**9, description="So many calls, told together.")] = 1
    amount: Annotated[
        Amount | UnsetType,
        Meta(description="Exactly this many credits, whatever the price (scope `debits:amount`)."),
    ] = UNSET
    api_key: Annotated[
        str | None,
        Meta(description="The id, `key_…`, of the customer's key that it was done with."),
    ] = None
    metadata: Annotated[
        dict[str, str] | None, Meta(description="At most 20 pairs of strings, 2 KiB as JSON.")
    ] = None


class Event(Struct, kw_only=True, omit_defaults=True):
    """A CloudEvent of work that was done. Attributes that are not listed here are ignored."""

    specversion: Literal["1.0"]
    id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=TEXT_MAX,
            description="Names the event, of its source. A UUIDv7 is the fastest.",
        ),
    ]
    source: Annotated[
        str, Meta(min_length=1, max_length=TEXT_MAX, description="Who reports it: a URI reference.")
    ]
    type: Annotated[str, Meta(min_length=1, description="The endpoint's code.")]
    subject: Annotated[str, Meta(description="The customer, `cus_…`.")]
    time: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="When the work was done; at most 30 days ago. Not given: now."),
    ] = None
    datacontenttype: Annotated[
        str | None, Meta(description="application/json, which it is without.")
    ] = None
    data: Usage | None = None
    data_base64: Annotated[
        str | UnsetType, Meta(description="Instead of `data`: the same JSON in base64.")
    ] = UNSET


class Bad(NamedTuple):
    """What is no event of ours, and its id where it has one."""

    id: str | None
    refusal: Refusal


_list = msgspec.json.Decoder(list[Event]).decode
_usage = msgspec.json.Decoder(Usage).decode


def read(headers: Mapping[bytes, bytes], body: bytes) -> list[Event | Bad]:
    """Raises UnsupportedMediaType, MalformedJson, MalformedAmount, InvalidRequest,
    LedgerError for too many."""
    kind, charset = media_type(headers.get(b"content-type", b""))
    if charset not in _CHARSETS:
        raise UnsupportedMediaType(_told(kind))
    if kind == LIST:
        return _read_list(body)
    if kind == ONE:
        return [_read_one(body)]
    if _BINARY in headers:
        return [_read_binary(headers, kind, body)]
    raise UnsupportedMediaType(_told(kind))


def media_type(header: bytes) -> tuple[str, str]:
    """The type, and its charset where it has one."""
    kind, *parameters = header.decode("latin-1").lower().split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            return kind.strip(), value.strip().strip('"')
    return kind.strip(), ""


def _told(kind: str) -> str:
    sent = f"not {kind}" if kind else "and the Content-Type says which"
    return f"Send one event as {ONE} or a list of them as {LIST}, in UTF-8, {sent}."


def _read_list(body: bytes) -> list[Event | Bad]:
    if not has_minus_zero(body):
        try:
            events = _list(body)
        except (msgspec.DecodeError, RecursionError):
            pass
        else:
            _check_number(len(events))
            return [_complete(event) for event in events]
    values = decode(body)
    if not isinstance(values, list):
        raise invalid("body", f"{LIST} is a JSON array of events.")
    _check_number(len(values))
    return [_converted(value) for value in values]


def _check_number(number: int) -> None:
    if number > EVENTS_MAX:
        raise LedgerError(
            "too-many-operations", f"A list has at most 1,000 events, this one has {number}."
        )


def _read_one(body: bytes) -> Event | Bad:
    value = decode(body) if body else None
    if not isinstance(value, dict):
        raise invalid("body", f"{ONE} is a JSON object: one event.")
    return _converted(value)


def _read_binary(headers: Mapping[bytes, bytes], kind: str, body: bytes) -> Event | Bad:
    """Attributes are headers, and the body is the data."""
    event: dict[str, Any] = {
        name[3:].decode("latin-1"): unquote(value.decode("latin-1"))
        for name, value in headers.items()
        if name.startswith(b"ce-")
    }
    if kind:
        event["datacontenttype"] = kind
    event.pop("data", None)
    event.pop("data_base64", None)
    if not _is_json(kind):
        return Bad(event.get("id"), _not_json(kind))
    if body:
        event["data"] = decode(body)
    return _converted(event)


def _converted(value: object) -> Event | Bad:
    id = value.get("id") if isinstance(value, dict) else None
    try:
        return _complete(msgspec.convert(value, Event))
    except msgspec.ValidationError as error:
        return Bad(id if isinstance(id, str) else None, requests.refusal(error))


def _complete(event: Event) -> Event | Bad:
    """With the data that came in base64; what JSON takes and CloudEvents does not is refused."""
    if "\0" in event.id or "\0" in event.source:
        return Bad(event.id, invalid("id", "Null characters are not allowed."))
    if event.datacontenttype is not None and not _is_json(event.datacontenttype):
        return Bad(event.id, _not_json(event.datacontenttype))
    if event.data_base64 is UNSET:
        return event
    if event.data is not None:
        return Bad(event.id, invalid("data_base64", "An event has data or data_base64, not both."))
    try:
        event.data = _usage(b64decode(event.data_base64, validate=True))
    except msgspec.ValidationError as error:
        return Bad(event.id, requests.refusal(error))
    except (ValueError, RecursionError):
        return Bad(event.id, invalid("data_base64", "This is no JSON in base64."))
    event.data_base64 = UNSET
    return event


def _is_json(kind: str) -> bool:
    kind = kind.partition(";")[0].strip().lower()
    return kind in ("application/json", "text/json", "") or kind.endswith("+json")


def _not_json(kind: str) -> InvalidRequest:
    return invalid("datacontenttype", f"The data of an event is JSON here, not {kind}.")
