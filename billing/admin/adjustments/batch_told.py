"""A file of adjustments as staff read it."""

from collections.abc import Iterable
from typing import Any, Final

from django.urls import reverse

from billing import figures
from billing.adjustments import reasons
from billing.adjustments.batches import deciding
from billing.adjustments.batches.trying import Tried
from billing.adjustments.effects import Effect
from billing.admin import shown as billing_shown
from billing.admin.adjustments import told
from billing.models import Adjustment, AdjustmentBatch, BatchState
from ledger.admin import shown

TONES: Final = {
    BatchState.DRAFT: "",
    BatchState.APPLIED: "good",
    BatchState.DECLINED: "bad",
    BatchState.WITHDRAWN: "bad",
}


def row(batch: AdjustmentBatch) -> dict[str, Any]:
    state, is_over = BatchState(batch.state), deciding.is_over(batch)
    return {
        "page": reverse("admin:billing_adjustmentbatch_change", args=[batch.pk]),
        "name": batch.file_name,
        "state": "Expired" if is_over else state.label,
        "tone": "bad" if is_over else TONES.get(state, "warn"),
        "rows": f"{batch.rows:,}",
        "asked_by": batch.asked_by.email,
        "asked_at": shown.instant(batch.asked_at),
        "decided_by": batch.decided_by.email if batch.decided_by else "-",
        "decided_at": shown.instant(batch.decided_at),
    }


def tried(found: Tried) -> dict[str, Any]:
    """What it comes to now."""
    pairs = [
        (line.row, line.draft, effect)
        for line, effect in zip(found.lines, found.effects, strict=True)
    ]
    lines = [_line(row, one, effect, page="") for row, one, effect in pairs]
    return {"lines": lines, "totals": _totals(effect for *_, effect in pairs)}


def done(batch: AdjustmentBatch) -> dict[str, Any]:
    """What it came to; or would have, when it was asked for."""
    found = batch.adjustments.select_related("customer", "asked_by").order_by("row")
    effects = [(one, Effect.read(one.effect or one.asked_effect)) for one in found]
    lines = [
        _line(one.row or 0, one, effect, page=billing_shown.page(one)) for one, effect in effects
    ]
    return {"lines": lines, "totals": _totals(effect for _, effect in effects)}


def _line(row: int, one: Adjustment, effect: Effect, page: str) -> dict[str, Any]:
    own = next((each for each in effect.wallets if each.customer_id == one.customer_id), None)
    return {
        "row": row,
        "page": page,
        "customer": shown.customer(one.customer),
        "kind": one.get_kind_display(),
        "wording": reasons.wording(one.kind, one.reason),
        "note": one.note,
        "before": figures.credits(own.available_before) if own else "-",
        "change": told.signed(own.change) if own else "-",
        "after": figures.credits(own.available_after) if own else "-",
        "entries": [
            _entry(entry.debit, entry.credit, entry.amount, entry.unit) for entry in effect.entries
        ],
    }


def _totals(effects: Iterable[Effect]) -> dict[str, Any]:
    """Credits that customers get and lose, and the entries of money by accounts."""
    gained = lost = 0
    entries: dict[tuple[str, str, str], int] = {}
    for effect in effects:
        changes = [wallet.change for wallet in effect.wallets]
        gained += sum(one for one in changes if one > 0)
        lost += sum(one for one in changes if one < 0)
        for one in effect.entries:
            key = (one.debit, one.credit, one.unit)
            entries[key] = entries.get(key, 0) + one.amount
    return {
        "gained": told.signed(gained),
        "lost": told.signed(lost),
        "entries": [
            _entry(debit, credit, amount, unit)
            for (debit, credit, unit), amount in sorted(entries.items())
        ],
    }


def _entry(debit: str, credit: str, amount: int, unit: str) -> dict[str, str]:
    return {"debit": debit, "credit": credit, "amount": f"{figures.money(amount, unit)} {unit}"}
