"""The first person: uploads a file, sees what it comes to, and asks for it."""

import io
from datetime import timedelta
from hashlib import sha256
from typing import BinaryIO, Final
from uuid import UUID

from django.db import connection, transaction

from accounts.models import User
from billing.adjustments import proposing
from billing.adjustments.batches import columns, trying
from billing.adjustments.batches.columns import Line
from billing.adjustments.batches.trying import Tried
from billing.adjustments.errors import BatchChanged, NotToDecide
from billing.models import Adjustment, AdjustmentBatch, AdjustmentState, BatchState
from billing.patience import retrying
from billing.sheets.problems import refused
from ledger import selectors

# A draft that nobody asked for is forgotten.
KEPT: Final = timedelta(days=1)


def upload(file: BinaryIO, *, name: str, by: User) -> AdjustmentBatch:
    """A draft, where every row is right by itself and all of them together. Raises SheetRefused."""
    lines = columns.read(file, by)
    file.seek(0)
    content = file.read()
    digest = sha256(content).hexdigest()
    forget_drafts()
    _refuse_again(digest)
    trying.preview(lines)
    return AdjustmentBatch.objects.create(
        file_name=name[-200:],
        digest=digest,
        content=content.decode("utf-8-sig"),
        rows=len(lines),
        asked_by=by,
        asked_at=selectors.now(),
    )


def forget_drafts() -> None:
    old = selectors.now() - KEPT
    AdjustmentBatch.objects.filter(state=BatchState.DRAFT, asked_at__lt=old).delete()


def lines_of(batch: AdjustmentBatch) -> list[Line]:
    """Of a draft, its file's; else the adjustments as they were asked for. Raises SheetRefused."""
    if batch.state == BatchState.DRAFT:
        return columns.read(io.BytesIO(batch.content.encode()), batch.asked_by)
    found = Adjustment.objects.filter(batch=batch).order_by("row")
    found = found.select_related("customer", "receiver", "asked_by", "purchase")
    return [Line(one.row or 0, one) for one in found]


@retrying
@transaction.atomic
def ask(id: UUID, *, by: User, seen: str) -> AdjustmentBatch:
    """Applied, or waiting where the limits say so; exactly what was seen. Asked again, it is what
    it became. Raises SheetRefused, BatchChanged, NotToDecide."""
    proposing.require(by)
    _one_at_a_time()
    batch = AdjustmentBatch.objects.select_for_update(of=("self",)).get(id=id)
    if batch.asked_by_id != by.pk:
        raise NotToDecide("Somebody else uploaded this file: upload it yourself.")
    if batch.state != BatchState.DRAFT:
        return batch
    _refuse_again(batch.digest)
    lines = lines_of(batch)
    before = transaction.savepoint()
    tried = trying.apply(lines)
    if tried.mark != seen:
        raise BatchChanged
    batch.waits_for = trying.measure(tried)
    if batch.waits_for:
        transaction.savepoint_rollback(before)
    return _asked(batch, tried)


def _asked(batch: AdjustmentBatch, tried: Tried) -> AdjustmentBatch:
    waits = bool(batch.waits_for)
    batch.asked_at = selectors.now()
    batch.state = BatchState.WAITING if waits else BatchState.APPLIED
    batch.waits_until = batch.asked_at + proposing.WAITS if waits else None
    batch.decided_at = None if waits else batch.asked_at
    batch.mark, batch.content = tried.mark, ""
    batch.save()
    for line, effect in zip(tried.lines, tried.effects, strict=True):
        one = line.draft
        one.batch, one.row, one.asked_at = batch, line.row, batch.asked_at
        one.waits_for = batch.waits_for and (one.waits_for or "The file that it is of waits.")
        one.waits_until = batch.waits_until
        one.state = AdjustmentState.WAITING
        if not waits:
            proposing.done(one, effect)
            one.decided_at = batch.asked_at
    Adjustment.objects.bulk_create(tried.drafts)
    return batch


def _refuse_again(digest: str) -> None:
    """Raises SheetRefused where the same file waits, or was applied."""
    same = AdjustmentBatch.objects.filter(digest=digest).select_related("asked_by")
    if done := same.filter(state=BatchState.APPLIED).first():
        when = f"{done.decided_at:%Y-%m-%d %H:%M} UTC"
        raise refused(f"This file was applied on {when} already, asked for by {done.asked_by}.")
    if same.filter(state=BatchState.WAITING, waits_until__gt=selectors.now()).exists():
        raise refused("This file waits for another person already.")


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('adjustments', 0))")
