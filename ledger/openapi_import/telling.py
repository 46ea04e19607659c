"""A comparison in words, and for machines."""

from typing import Any

from ledger import amounts
from ledger.models import RateCard
from ledger.openapi_import.comparing import Change, Comparison, Known, State, cost_of
from ledger.openapi_import.costs import Cost
from ledger.openapi_import.lines import Line


def as_json(comparison: Comparison, card: RateCard | None, *, is_dry: bool) -> dict[str, Any]:
    return {
        "api": comparison.api,
        "version": comparison.version,
        "saved": not is_dry,
        "rate_card": card.name if card else None,
        "counts": {state.value: comparison.count(state) for state in State},
        "operations": [_operation(change) for change in comparison.changes],
        "notes": comparison.notes,
    }


def as_text(comparison: Comparison) -> list[str]:
    """A line for each change, and one that sums them up."""
    told = [_line(change) for change in comparison.changes if change.state != State.UNCHANGED]
    counts = ", ".join(f"{comparison.count(state)} {state.value}" for state in State)
    return [*told, *(f"note: {note}" for note in comparison.notes), f"{comparison.api}: {counts}"]


def what_changed(change: Change) -> str:
    """`GET /v1/a -> GET /v2/a`, and the names."""
    before, operation = change.before, change.operation
    if before is None or operation is None:
        return ""
    told = []
    if where(change, before=True) != where(change):
        told.append(f"{where(change, before=True)} -> {where(change)}")
    if before.endpoint.name != operation.name:
        told.append(f"{before.endpoint.name} -> {operation.name}")
    if before.operation_id != operation.operation_id:
        told.append(f"operation {before.operation_id or '-'} -> {operation.operation_id or '-'}")
    return "; ".join(told)


def where(change: Change, *, before: bool = False) -> str:
    if change.operation is not None and not before:
        return f"{change.operation.method} {change.operation.template}".strip()
    assert change.before is not None
    return _where(change.before)


def name(change: Change) -> str:
    if change.operation is not None:
        return change.operation.name
    return change.before.endpoint.name if change.before else ""


def cost(change: Change) -> str:
    """What becomes of its line."""
    if change.state == State.GONE:
        return "stays as it is"
    if change.line == Line.TO_FILL_IN:
        return "to be filled in"
    said = cost_of(change)
    if change.line == Line.KEPT or said is None:
        return "unchanged"
    return _cost(said)


def _cost(cost: Cost) -> str:
    told = [f"{amounts.show(cost.per_call)} a call"] if cost.per_call or not cost.units else []
    for unit in cost.units:
        size = "" if unit.size == 1 else f"{unit.size} "
        told.append(f"{amounts.show(unit.amount)} for {size}{unit.name}")
    for word, bound in (("at least", cost.minimum), ("at most", cost.maximum)):
        if bound is not None:
            told.append(f"{word} {amounts.show(bound)}")
    return ", ".join(told)


def _where(known: Known) -> str:
    return f"{known.endpoint.method} {known.endpoint.path_template}".strip()


def _line(change: Change) -> str:
    what = what_changed(change) or where(change)
    return f"{change.state.value:<10}{change.code}: {what} ({cost(change)})"


def _operation(change: Change) -> dict[str, Any]:
    operation, before = change.operation, change.before
    return {
        "state": change.state.value,
        "endpoint": change.code,
        "operation_id": operation.operation_id if operation else None,
        "method": operation.method if operation else None,
        "path_template": operation.template if operation else None,
        "name": name(change),
        "before": before
        and {
            "operation_id": before.operation_id,
            "method": before.endpoint.method,
            "path_template": before.endpoint.path_template,
            "name": before.endpoint.name,
        },
        "cost": cost(change),
    }
