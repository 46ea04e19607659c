"""How an operation can be refused."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from config.exceptions import CONTENT_TYPE
from config.openapi import parameters
from config.problems import PROBLEMS
from ledger.fastpath import answers

Json = dict[str, Any]

_ALWAYS: Final = ("unauthorized", "forbidden", "internal-error")
_WRITING: Final = (
    "idempotency-key-missing",
    "idempotency-key-malformed",
    "idempotency-key-reused",
    "request-in-progress",
)
_WITH_A_BODY: Final = (
    "invalid-request",
    "malformed-json",
    "malformed-request",
    "request-too-large",
)
_OF_REST: Final = ("not-acceptable",)
_OF_FASTPATH: Final = ("unavailable",)
_MAY_RETRY_AFTER: Final = (
    "request-in-progress",
    "unavailable",
    "rate-limited",
    "spend-cap-reached",
)

SCHEMA: Final[Json] = {
    "type": "object",
    "description": "A refusal, as RFC 9457 has it. What stands in it beyond the first five depends "
    "on its type, whose page tells what to do.",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Each field that is wrong.",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
        "required": {"type": "string", "description": "Credits that it takes."},
        "available": {"type": "string", "description": "Credits that there are."},
        "shortfall": {"type": "string", "description": "Credits that are missing."},
        "top_up_url": {"type": "string", "description": "Where the customer buys more."},
        "cap": {
            "type": "string",
            "description": "Which spend cap refused it.",
            "enum": ["day", "month", "lifetime", "hold"],
        },
        "limit": {
            "type": "string",
            "description": "The cap in credits; or of rate-limited, rate or holds.",
        },
        "used": {
            "description": "What counts for the limit now: credits of a cap, or a number.",
            "anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}],
        },
        "scope": {
            "type": "string",
            "description": "Whose limit it is.",
            "enum": ["customer", "key", "endpoint"],
        },
        "subject": {
            "type": ["string", "null"],
            "description": "The key's id, or the endpoint's code.",
        },
        "quota": {"type": "integer", "description": "So many calls, or open holds."},
        "window": {"type": "integer", "description": "In so many seconds."},
        "resets_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When there is room again; null: not by time alone.",
        },
        "retry_after": {"type": "integer", "description": "So many seconds from now."},
        "current": {"$ref": f"#/components/schemas/{answers.Reservation.__name__}"},
    },
}


def codes(operation: Json, *, is_fastpath: bool, own: Iterable[str]) -> Iterator[str]:
    """Those that operations like this one share, and its own."""
    yield from _ALWAYS
    yield from _OF_FASTPATH if is_fastpath else _OF_REST
    places = {parameter["in"] for parameter in operation["parameters"]}
    if "path" in places:
        yield "not-found"
    if "query" in places:
        yield "invalid-request"
    if parameters.IDEMPOTENCY_KEY in operation["parameters"]:
        yield from _WRITING
    if "requestBody" in operation:
        yield from _WITH_A_BODY
    yield from own


def responses(names: Iterable[str]) -> Json:
    """Of problems by their codes: a response for each status."""
    by_status: dict[int, list[str]] = defaultdict(list)
    for name in dict.fromkeys(names):
        by_status[PROBLEMS[name].status].append(name)
    return {str(int(status)): _response(names) for status, names in sorted(by_status.items())}


def _response(names: list[str]) -> Json:
    types = {"type": {"enum": [f"/problems/{name}" for name in names]}}
    return {
        "description": "\n".join(
            f"- [`{name}`](/problems/{name}): {PROBLEMS[name].meaning}" for name in names
        ),
        "headers": _headers(names),
        "content": {
            CONTENT_TYPE: {
                "schema": {
                    "allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": types}]
                }
            }
        },
    }


def _headers(names: list[str]) -> Json:
    headers = {
        "X-Request-Id": parameters.ANSWERED_REQUEST_ID,
        "X-Should-Retry": parameters.SHOULD_RETRY,
    }
    if "unauthorized" in names:
        headers["WWW-Authenticate"] = parameters.AUTHENTICATE
    if any(name in _MAY_RETRY_AFTER for name in names):
        is_always = all(name in _MAY_RETRY_AFTER for name in names)
        is_always = is_always and "spend-cap-reached" not in names
        headers["Retry-After"] = {**parameters.RETRY_AFTER, "required": is_always}
    if "rate-limited" in names:
        headers["RateLimit-Policy"] = parameters.RATE_LIMIT_POLICY
        headers["RateLimit"] = parameters.RATE_LIMIT
    return headers
