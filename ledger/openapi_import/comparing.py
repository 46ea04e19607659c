"""What a file would change. Operations are known by their id, and by their method and path."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from ledger.models import Endpoint, OpenApiOperation, Price, RateCard
from ledger.openapi_import import naming
from ledger.openapi_import.costs import Cost
from ledger.openapi_import.described import Described, Description, shape
from ledger.openapi_import.documents import Document
from ledger.openapi_import.errors import FileRefused, Problem
from ledger.openapi_import.lines import Line, line_of


class State(StrEnum):
    NEW = "new"
    MOVED = "moved"  # to another method or path
    RENAMED = "renamed"  # its name, its operation's id, or what a placeholder is called
    UNCHANGED = "unchanged"
    GONE = "gone"


class Change(NamedTuple):
    """`before` is what an endpoint is called and where it was found until now. Of one that is gone
    there is no operation; of a new one there is no endpoint."""

    state: State
    code: str
    before: "Known | None"
    operation: Described | None
    line: Line


class Known(NamedTuple):
    endpoint: Endpoint
    operation_id: str
    place: str  # the method and path that the file had, with its base


class Comparison(NamedTuple):
    api: str
    version: str
    changes: list[Change]
    notes: list[str]
    draft: RateCard | None  # that takes the prices; None: a new one is made where there are any

    @property
    def needs_draft(self) -> bool:
        return any(change.line != Line.KEPT for change in self.changes)

    def count(self, state: State) -> int:
        return sum(change.state == state for change in self.changes)


ORDER: Final = (State.NEW, State.MOVED, State.RENAMED, State.GONE, State.UNCHANGED)


def compare(
    document: Document, description: Description, *, api: str, base: RateCard | None, is_draft: bool
) -> Comparison:
    """`base` is the card whose lines count as there. Raises FileRefused."""
    endpoints = {endpoint.id: endpoint for endpoint in Endpoint.objects.order_by("id")}
    memory = _Memory(api, endpoints)
    matched = list(_matched(description.operations, memory))
    problems = list(_collisions(document, matched, memory))
    if problems:
        raise FileRefused(problems)
    prices = {} if base is None else {price.endpoint_id: price for price in base.prices.all()}
    changes = [*_changes(matched, memory, prices), *_gone(matched, memory)]
    changes.sort(key=lambda change: (ORDER.index(change.state), change.code))
    return Comparison(
        api, description.version, changes, description.notes, base if is_draft else None
    )


class _Memory:
    """What is known of endpoints, and which of them this API's file made."""

    def __init__(self, api: str, endpoints: dict[int, Endpoint]) -> None:
        self.endpoints = endpoints
        rows = OpenApiOperation.objects.all()
        self.owners = {row.endpoint_id: row.api for row in rows}
        self.own = [
            Known(endpoints[row.endpoint_id], row.operation_id, row.place)
            for row in rows
            if row.api == api
        ]
        self.codes = {endpoint.code for endpoint in endpoints.values()}
        free = [one for one in endpoints.values() if one.id not in self.owners]
        self.free_by_shape = {
            shape(one.method, one.path_template): one for one in free if one.path_template
        }
        self.free_by_code = {one.code: one for one in free if not one.path_template}


def _matched(
    operations: list[Described], memory: _Memory
) -> Iterator[tuple[Described, Known | None]]:
    """Whoever kept its id comes first, so that nobody else takes what is its."""
    by_id = {known.operation_id: known for known in memory.own if known.operation_id}
    taken = {by_id[one.operation_id].endpoint.id for one in operations if one.operation_id in by_id}
    by_place = {known.place: known for known in memory.own if known.endpoint.id not in taken}
    for operation in operations:
        known = by_id.get(operation.operation_id) if operation.operation_id else None
        yield operation, known or by_place.get(place(operation)) or _adopted(operation, memory)


def _adopted(operation: Described, memory: _Memory) -> Known | None:
    """An endpoint that was made by hand for the same calls."""
    endpoint = memory.free_by_shape.get(operation.shape) if operation.template else None
    endpoint = endpoint or memory.free_by_code.get(naming.code(operation, lambda _: False))
    return Known(endpoint, operation.operation_id, place(operation)) if endpoint else None


def place(operation: Described) -> str:
    return shape(operation.method, operation.template or operation.path[1])


def _collisions(
    document: Document, matched: list[tuple[Described, Known | None]], memory: _Memory
) -> Iterator[Problem]:
    ours = {known.endpoint.id for _, known in matched if known}
    others: dict[str, Endpoint] = {}
    for endpoint in memory.endpoints.values():
        if endpoint.path_template and endpoint.id not in ours:
            others[shape(endpoint.method, endpoint.path_template)] = endpoint
    for operation, _ in matched:
        if not operation.template:
            continue
        other = others.get(operation.shape) or others.get(shape("", operation.template))
        if other:
            yield document.problem(operation.path, _collides(operation, other, memory))


def _collides(operation: Described, other: Endpoint, memory: _Memory) -> str:
    told = f"{operation.method} {operation.template} is matched by endpoint {other.code} already"
    owner = memory.owners.get(other.id)
    if owner is None:
        return f"{told}. Change or clear the path of one of them."
    return (
        f"{told}, which is of the API {owner}. If this is that API, name it so;"
        " if the operation is gone from it, clear the endpoint's path."
    )


def _changes(
    matched: list[tuple[Described, Known | None]], memory: _Memory, prices: dict[int, Price]
) -> Iterator[Change]:
    codes = set(memory.codes)
    for operation, known in matched:
        if known is None:
            code = naming.code(operation, codes.__contains__)
            codes.add(code)
            line = line_of(None, operation.cost)
            yield Change(State.NEW, code, None, operation, line)
        else:
            line = line_of(prices.get(known.endpoint.id), operation.cost)
            yield Change(_state(operation, known), known.endpoint.code, known, operation, line)


def _state(operation: Described, known: Known) -> State:
    endpoint = known.endpoint
    if shape(endpoint.method, endpoint.path_template) != operation.shape:
        return State.MOVED
    before = (endpoint.name, known.operation_id, endpoint.path_template)
    if before != (operation.name, operation.operation_id, operation.template):
        return State.RENAMED
    return State.UNCHANGED


def _gone(matched: Iterable[tuple[Described, Known | None]], memory: _Memory) -> Iterator[Change]:
    there = {known.endpoint.id for _, known in matched if known}
    for known in memory.own:
        if known.endpoint.id not in there:
            yield Change(State.GONE, known.endpoint.code, known, None, Line.KEPT)


def cost_of(change: Change) -> Cost | None:
    return change.operation.cost if change.operation else None
