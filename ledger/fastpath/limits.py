"""Limits in answers: what a refusal names, and the headers that say how rates stand
(draft-ietf-httpapi-ratelimit-headers, as structured fields)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from accounts import ids
from ledger import amounts
from ledger.fastpath.http import Header
from ledger.fastpath.refusals import Limited
from ledger.prices.pricing import Price

# A cap that resets later than this is nothing to wait for.
WAIT_MAX_SECONDS: Final = 3600
_POLICY: Final = b"ratelimit-policy"
_STATE: Final = b"ratelimit"
_CAPS: Final = {
    "day": "of a day",
    "month": "of a month",
    "lifetime": "for ever",
    "hold": "of a single hold",
}
_WHOSE: Final = {"customer": "the customer", "key": "the key", "endpoint": "the endpoint"}

_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


def granted(limits: str) -> list[Header]:
    """How each rate stands that a call was counted for."""
    rates = _decode(limits)
    return _headers(
        [_policy(rate) for rate in rates],
        [f'"{rate["scope"]}";r={rate["left"]};t={rate["full_in"]}' for rate in rates],
    )


def cap_reached(limit: dict[str, Any], required: str | None, price: Price | None) -> Limited:
    wait = limit["resets_in"]
    members = {
        "cap": limit["cap"],
        **_whose(limit, price),
        "limit": amounts.show(limit["limit"]),
        "used": None if limit["used"] is None else amounts.show(limit["used"]),
        "required": amounts.show(int(required or 0)),
        "resets_at": _time(limit["resets_at"]),
    }
    detail = (
        f"The spend cap {_CAPS[limit['cap']]} of {_WHOSE[limit['scope']]} is {members['limit']} "
        f"credits; {_spent(members)}this takes {members['required']}."
    )
    is_soon = wait is not None and wait <= WAIT_MAX_SECONDS
    return Limited("spend-cap-reached", detail, members, retry_after=wait if is_soon else None)


def rate_limited(limit: dict[str, Any], price: Price | None) -> Limited:
    name, whose = limit["limit"], _WHOSE[limit["scope"]]
    wait = max(limit["resets_in"] or 0, 1)
    members = {"limit": name, **_whose(limit, price)}
    if name == "rate":
        members |= {"quota": limit["burst"], "window": _window(limit), "used": limit["burst"]}
        detail = f"Too many calls of {whose}: {limit['burst']} in {members['window']} seconds."
        headers = _headers([_policy(limit)], [f'"{limit["scope"]}";r=0;t={wait}'])
    else:
        members |= {"quota": limit["quota"], "used": limit["used"]}
        detail = f"{limit['used']} holds of {whose} are open, of {limit['quota']} at most."
        policy = f'"{limit["scope"]}-holds";q={limit["quota"]};qu="concurrent-requests"'
        headers = _headers([policy], [f'"{limit["scope"]}-holds";r=0'])
    members |= {"resets_at": _time(limit["resets_at"]), "retry_after": wait}
    return Limited("rate-limited", detail, members, headers, retry_after=wait)


def _policy(rate: dict[str, Any]) -> str:
    return f'"{rate["scope"]}";q={rate["burst"]};w={_window(rate)}'


def _window(rate: dict[str, Any]) -> int:
    """In so many seconds as many calls are free again as the burst has."""
    length: int = rate["burst"] * rate["every"]
    return max(-(-length // 1_000_000), 1)


def _headers(policies: Sequence[str], states: Sequence[str]) -> list[Header]:
    return [(_POLICY, ", ".join(policies).encode()), (_STATE, ", ".join(states).encode())]


def _whose(limit: dict[str, Any], price: Price | None) -> dict[str, str | None]:
    """The core knows an endpoint by a number; the call that it refused was of that endpoint."""
    scope, subject = limit["scope"], None
    if scope == "key":
        subject = ids.encode(ids.KEY, UUID(limit["subject"]))
    elif scope == "endpoint" and price is not None:
        subject = price.endpoint
    return {"scope": scope, "subject": subject}


def _spent(members: dict[str, Any]) -> str:
    return "" if members["used"] is None else f"{members['used']} are spent or held, and "


def _time(text: str | None) -> str | None:
    """As PostgreSQL's JSON has it, in UTC."""
    if text is None:
        return None
    at = datetime.fromisoformat(text).astimezone(UTC)
    return at.isoformat().replace("+00:00", "Z")
