"""What a term could be, from what is surest to what takes longest: an id of ours, a key, the number
of a paper, a provider's id, a name or address, a request."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from accounts.models import Customer
from billing.finding import by_id, by_key, by_name, by_number, by_provider, by_request
from billing.finding.hit import Hit

TERM_MAX: Final = 255
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")
_WITHIN: Final = re.compile(r"(cus_[0-9a-f]{32})\s+(\S.*)")


class Found(NamedTuple):
    """`told`: how far was looked, or where more is. `is_cut`: there are more hits."""

    term: str
    hits: list[Hit]
    told: str = ""
    is_cut: bool = False


def clean(term: str) -> str:
    """As people paste it: in one line, without what no name has."""
    return " ".join(_CONTROLS.sub(" ", term).split())[: TERM_MAX + 1]


def look(text: str) -> Found:
    term = clean(text)
    if not term or len(term) > TERM_MAX:
        return Found(term[:TERM_MAX], [])
    if within := _WITHIN.fullmatch(term):
        return _within(within[1], within[2], term)
    sure = by_id.look(term)
    if sure is not None:
        return Found(term, sure)
    if by_key.is_key(term):
        return Found(f"{term[: by_key.SHOWN]}…", by_key.look(term))
    return _guessed(term)


def look_within(customer: Customer, text: str) -> Found:
    """A call of this customer."""
    term = clean(text)
    if not term or len(term) > TERM_MAX:
        return Found(term[:TERM_MAX], [])
    return Found(term, *by_request.look_within(customer, term))


def _within(name: str, rest: str, term: str) -> Found:
    customers = [hit.customer for hit in by_id.look(name) or []]
    if not customers or customers[0] is None:
        return Found(term, [])
    return look_within(customers[0], rest)


def _guessed(term: str) -> Found:
    is_one_word = " " not in term
    named = by_name.look(term)
    found = by_number.look(term)
    if is_one_word:
        found += [*by_provider.look(term), *_of_uuid(term)]
    found += named[: by_name.ROWS_MAX]
    if found or not is_one_word:
        return Found(term, _once(found), is_cut=len(named) > by_name.ROWS_MAX)
    return Found(term, *by_request.look(term))


def _of_uuid(term: str) -> list[Hit]:
    try:
        return by_id.look_uuid(UUID(term))
    except ValueError:
        return []


def _once(hits: Iterable[Hit]) -> list[Hit]:
    found: dict[tuple[str, str], Hit] = {}
    for hit in hits:
        found.setdefault((hit.model, hit.key), hit)
    return list(found.values())
