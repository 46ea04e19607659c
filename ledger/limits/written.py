"""Limits as people and programs write them, and what is wrong with them."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, cast, get_args
from uuid import UUID

from django.db import transaction
from msgspec import Meta

from accounts import audit, ids
from accounts.errors import InvalidId, InvalidRequest
from accounts.models import ApiKey
from ledger import amounts, limits
from ledger.errors import CapBelowSpent, MalformedAmount, Refused
from ledger.fastpath.requests import Amount, Request
from ledger.limits import Kind, Limit, Period, Scope, Source
from ledger.models import Endpoint

LIMITS_MAX: Final = 500
_KINDS: Final = get_args(Kind)
_SCOPES: Final = get_args(Scope)
_PERIODS: Final = get_args(Period)
# Which members each kind takes beside its scope and subject.
_TAKES: Final = {
    "spend": ("period", "hard", "soft"),
    "largest": ("hard",),
    "holds": ("count",),
    "rate": ("calls", "seconds"),
}
_MICROSECONDS: Final = 1_000_000
_COUNT_MAX: Final = 1_000_000
_SECONDS_MAX: Final = 31 * 86_400


class GivenLimit(Request):
    """One limit: what it is for (`scope`, `subject`), of which `kind`, and how much."""

    kind: Annotated[str, Meta(extra_json_schema={"enum": list(_KINDS)})]
    scope: Annotated[str, Meta(extra_json_schema={"enum": list(_SCOPES)})] = "customer"
    subject: Annotated[
        str | None,
        Meta(description="A key's id (none: each of the keys), or an endpoint's code."),
    ] = None
    period: Annotated[
        str | None, Meta(extra_json_schema={"enum": [*_PERIODS, None]}, description="Of a spend.")
    ] = None
    hard: Annotated[
        Amount | None, Meta(description="Credits; what would pass them is refused.")
    ] = None
    soft: Annotated[
        Amount | None, Meta(description="Credits of a spend; told of once a period.")
    ] = None
    count: Annotated[int | None, Meta(description="So many open holds.")] = None
    calls: Annotated[int | None, Meta(description="So many calls of a rate, also at once,")] = None
    seconds: Annotated[int | None, Meta(description="in so many seconds.")] = None


class GivenLimits(Request):
    """In place of all that were given before."""

    limits: Annotated[list[GivenLimit], Meta(max_length=LIMITS_MAX)]


def set_limits(customer_id: UUID, source: Source, given: Sequence[GivenLimit]) -> None:
    """In place of those that the same source gave before.

    Raises InvalidRequest, which names each wrong field, and CapBelowSpent; nothing is saved then.
    """
    save(customer_id, source, read(customer_id, given))


def save(customer_id: UUID, source: Source, given: Sequence[Limit]) -> None:
    """Raises CapBelowSpent, and nothing is saved then."""
    before = _told(limits.given(customer_id, source))
    try:
        with transaction.atomic():
            limits.set_limits(customer_id, source, given)
            audit.record(
                "limits.changed",
                ("ledger_limit", str(customer_id)),
                customer_id=customer_id,
                before={source: before},
                after={source: _told(given)},
            )
    except Refused as refused:
        if refused.code != "cap-below-spent":
            raise
        told = refused.result.limit
        raise CapBelowSpent(_members(told)) from None


def read(customer_id: UUID, given: Sequence[GivenLimit]) -> list[Limit]:
    """Raises InvalidRequest."""
    errors: list[dict[str, str]] = []
    found: list[Limit] = []
    for place, one in enumerate(given):
        reader = _Reader(customer_id, one)
        limit = reader.limit()
        errors += [
            {"field": f"limits[{place}].{name}", "detail": why} for name, why in reader.errors
        ]
        if limit is not None and any(same(limit, other) for other in found):
            why = "There is such a limit in the list already: give each once."
            errors.append({"field": f"limits[{place}]", "detail": why})
        elif limit is not None:
            found.append(limit)
    if errors:
        raise InvalidRequest(errors)
    return found


def _told(given: Sequence[Limit]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in limit._asdict().items() if value is not None}
        for limit in given
    ]


def same(one: Limit, other: Limit) -> bool:
    """Whether one takes the other's place."""
    return one[:4] == other[:4]


def _members(told: dict[str, Any]) -> dict[str, Any]:
    subject = limits.subject_of(told["scope"], UUID(told["subject"]) if told["subject"] else None)
    return {
        "cap": told["cap"],
        "scope": told["scope"],
        "subject": name_of(told["scope"], subject),
        "limit": amounts.show(told["limit"]),
        "used": amounts.show(told["used"]),
    }


def name_of(scope: str, subject: UUID | int | None) -> str | None:
    """`key_…`, or the endpoint's code."""
    if isinstance(subject, UUID):
        return ids.encode(ids.KEY, subject)
    if scope == "endpoint" and subject is not None:
        return Endpoint.objects.filter(id=subject).values_list("code", flat=True).first()
    return None


class _Reader:
    def __init__(self, customer_id: UUID, given: GivenLimit) -> None:
        self._customer_id = customer_id
        self._given = given
        self.errors: list[tuple[str, str]] = []

    def limit(self) -> Limit | None:
        given = self._given
        self._one_of("kind", given.kind, _KINDS)
        self._one_of("scope", given.scope, _SCOPES)
        if self.errors:
            return None
        takes = _TAKES[given.kind]
        for name in ("period", "hard", "soft", "count", "calls", "seconds"):
            if name not in takes and getattr(given, name) is not None:
                self._wrong(name, f"A limit of kind {given.kind} takes {' and '.join(takes)}.")
        subject = self._subject()
        scope, kind = cast(Scope, given.scope), cast(Kind, given.kind)
        limit = {
            "spend": self._spend,
            "largest": self._largest,
            "holds": self._holds,
            "rate": self._rate,
        }[kind](Limit(scope, kind, subject))
        return None if self.errors else limit

    def _spend(self, limit: Limit) -> Limit:
        given = self._given
        self._one_of("period", given.period, _PERIODS)
        hard, soft = self._credits("hard"), self._credits("soft")
        if given.hard is None and given.soft is None:
            self._wrong("hard", "Give a hard cap, a soft one, or both.")
        elif hard is not None and soft is not None and soft > hard:
            self._wrong(
                "soft", "A soft cap warns before the hard one refuses: give less than that."
            )
        return limit._replace(period=cast(Period, given.period), hard=hard, soft=soft)

    def _largest(self, limit: Limit) -> Limit:
        if self._given.hard is None:
            self._wrong("hard", "Say how many credits one hold may have.")
        return limit._replace(hard=self._credits("hard"))

    def _holds(self, limit: Limit) -> Limit:
        return limit._replace(hard=self._number("count", 0, _COUNT_MAX))

    def _rate(self, limit: Limit) -> Limit:
        calls = self._number("calls", 1, _COUNT_MAX)
        seconds = self._number("seconds", 1, _SECONDS_MAX)
        every = max(seconds * _MICROSECONDS // calls, 1)
        return limit._replace(every=every, burst=calls)

    def _subject(self) -> UUID | int | None:
        given = self._given
        if given.scope == "customer":
            if given.subject is not None:
                self._wrong("subject", "A limit of the customer has no subject.")
            return None
        if given.scope == "key":
            return self._key(given.subject) if given.subject is not None else None
        found = Endpoint.objects.filter(code=given.subject or "").first()
        if found is None:
            self._wrong("subject", "There is no endpoint with this code.")
            return None
        return found.pk

    def _key(self, name: str) -> UUID | None:
        try:
            key_id = ids.decode(ids.KEY, name)
            key = ApiKey.objects.get(id=key_id, customer=self._customer_id)
            return key.replaced_by_id or key.id
        except (InvalidId, ApiKey.DoesNotExist):
            self._wrong("subject", "The customer has no such key.")
            return None

    def _credits(self, name: str) -> int | None:
        given = getattr(self._given, name)
        try:
            return None if given is None else amounts.parse(given)
        except MalformedAmount:
            self._wrong(
                name, "Credits are not negative, and have at most six places after the point."
            )
            return None

    def _number(self, name: str, least: int, most: int) -> int:
        given = getattr(self._given, name)
        if given is None or not least <= given <= most:
            self._wrong(name, f"Give a whole number from {least} to {most:,}.")
            return least or 1
        return int(given)

    def _one_of(self, name: str, given: str | None, known: Sequence[str]) -> None:
        if given not in known:
            self._wrong(name, f"Give one of {', '.join(known)}.")

    def _wrong(self, name: str, why: str) -> None:
        self.errors.append((name, why))
