"""Refusals as `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from ledger.fastpath.calls import Refusal
from ledger.fastpath.http import Header, Reply
from ledger.fastpath.refusals import Limited

_CONTENT_TYPE: Final = (b"content-type", b"application/problem+json")
_SHOULD_RETRY: Final = {
    True: (b"x-should-retry", b"true"),
    False: (b"x-should-retry", b"false"),
}
_RETRY_AFTER: Final = (b"retry-after", b"1")
_ALSO: Final = {
    "unauthorized": [(b"www-authenticate", b"Bearer")],
    "method-not-allowed": [(b"allow", b"POST")],
    "unavailable": [_RETRY_AFTER],
    "request-in-progress": [_RETRY_AFTER],
}


class Kind(NamedTuple):
    """What all refusals with one code have in common. The table of them is the application's."""

    status: int
    title: str
    meaning: str
    should_retry: bool


class Problems:
    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds

    def reply(self, refusal: Refusal, request_id: str) -> Reply:
        kind = self._kinds[refusal.code]
        headers = [_CONTENT_TYPE, *_retrying(kind, refusal), *_ALSO.get(refusal.code, ())]
        body = _body(kind, refusal, request_id)
        return Reply(kind.status, msgspec.json.encode(body), headers, refusal.code)


def _retrying(kind: Kind, refusal: Refusal) -> list[Header]:
    """A limit says itself when it is worth while."""
    if isinstance(refusal, Limited) and refusal.retry_after is not None:
        after = (b"retry-after", b"%d" % refusal.retry_after)
        return [_SHOULD_RETRY[True], after, *refusal.headers]
    return [_SHOULD_RETRY[kind.should_retry]]


def _body(kind: Kind, refusal: Refusal, request_id: str) -> dict[str, Any]:
    return {
        "type": f"/problems/{refusal.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": refusal.detail or kind.meaning,
        "request_id": request_id,
        **refusal.members,
    }
