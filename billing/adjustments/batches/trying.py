"""What all of a batch comes to: each in its order, on what those before it left."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction

from billing.adjustments import applying, limits, proposing
from billing.adjustments.batches.columns import Line, column_of
from billing.adjustments.effects import Effect
from billing.adjustments.errors import DraftRefused
from billing.models import Adjustment
from billing.sheets.problems import SHOWN_MAX, Problem, SheetRefused
from ledger import selectors, services


class Tried(NamedTuple):
    lines: Sequence[Line]
    effects: Sequence[Effect]

    @property
    def mark(self) -> str:
        joined = "".join(effect.mark for effect in self.effects)
        return hashlib.sha256(joined.encode()).hexdigest()

    @property
    def drafts(self) -> list[Adjustment]:
        return [line.draft for line in self.lines]


class _Seen(Exception):
    def __init__(self, tried: Tried) -> None:
        self.tried = tried


def preview(lines: Sequence[Line]) -> Tried:
    """Nothing is written. Raises SheetRefused."""
    try:
        with transaction.atomic():
            raise _Seen(apply(lines))
    except _Seen as seen:
        return seen.tried


@transaction.atomic
def apply(lines: Sequence[Line]) -> Tried:
    """All, or nothing: raises SheetRefused with what stands against it, by row."""
    _lock(lines)
    effects, problems = list[Effect](), list[Problem]()
    for row, draft in lines:
        try:
            effects.append(applying.apply(draft))
        except DraftRefused as refusal:
            told = refusal.errors.items()
            problems += [Problem(row, column_of(field), text) for field, text in told]
        if len(problems) >= SHOWN_MAX:
            break
    if problems:
        raise SheetRefused(problems[:SHOWN_MAX])
    return Tried(lines, effects)


def measure(tried: Tried) -> str:
    """How large each is. Why the batch waits for another person; empty where it does not."""
    now = selectors.now()
    waits = []
    for place, (line, effect) in enumerate(zip(tried.lines, tried.effects, strict=True)):
        draft = line.draft
        draft.asked_at = now
        proposing.measure(draft, effect, besides=tried.drafts[:place])
        if draft.waits_for:
            waits.append(f"Row {line.row}: {draft.waits_for}")
    return waits[0] if waits else limits.why_all_wait(tried.drafts)


def _lock(lines: Sequence[Line]) -> None:
    """Every wallet at once, so that two batches cannot wait for each other."""
    drafts = [draft for _, draft in lines]
    customers = {id for draft in drafts for id in (draft.customer_id, draft.receiver_id) if id}
    if any(draft.kind in applying.RECOGNISED_FIRST for draft in drafts):
        services.recognise(sorted(customers))
    services.refresh_all(sorted(customers))
