"""Estimate versions: what a person says, or what the curve of use says, through the gate (2.4)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db import transaction

from accounts.models import User
from billing.books import cohorts, engine, history, locks
from billing.books.breakage.formula import Position
from billing.books.breakage.gate import Gate
from billing.books.breakage.rates import RateOutOfRange, checked
from billing.books.breakage.survival import hazards
from billing.books.cohorts import Cohort
from billing.books.errors import EstimateOutOfRange, NoSuchCohort
from billing.models import Estimate, Extension, Method, Modification, Policy


@dataclass(frozen=True)
class Draft:
    """What a new version says. Rates are parts of V."""

    rate: Decimal | None = None
    unconstrained_rate: Decimal | None = None
    hazards: Sequence[Decimal] | None = None
    judged_remote: int = 0
    inputs: dict[str, Any] = field(default_factory=dict)
    note: str = ""


@transaction.atomic
def estimate(
    draft: Draft,
    *,
    as_of: date,
    of: str | None = None,
    currency: str | None = None,
    approved_by: User | None = None,
    closing: bool = False,
) -> list[Estimate]:
    """A version for each open cohort, or for those of one month, name or currency; the difference
    is posted at once (KPMG 10A/10B: cumulative catch-up). Usage is to be recognised before.

    Raises EstimateOutOfRange, NoSuchCohort.
    """
    locks.books()
    _check(draft)
    policy = Policy.current()
    gates = history.gates(as_of, policy)
    if policy.extension == Extension.PROSPECTIVE:
        engine.run(as_of, closing=closing)  # where things stand before it
    positions = cohorts.positions(as_of)
    names = [name for name in _named(of, as_of) if currency in (None, Cohort.read(name).currency)]
    if any(draft.judged_remote > positions[name].o for name in names):
        raise EstimateOutOfRange("More is judged remote than is outstanding of a cohort.")
    made = [
        _version(name, draft, gates(name), policy, as_of, approved_by, positions[name])
        for name in names
    ]
    engine.run(as_of, closing=closing)
    return made


def refresh(
    as_of: date,
    *,
    of: str | None = None,
    approved_by: User | None = None,
    note: str = "From the curve of use",
    closing: bool = False,
) -> list[Estimate]:
    """From the curve of use, for each open cohort or those named, capped at the constrained rate.
    None where there is no curve yet. Raises NoSuchCohort."""
    made = []
    for currency in sorted({Cohort.read(name).currency for name in _named(of, as_of)}):
        draft = _from_curve(as_of, currency, note)
        if draft is not None:
            made += estimate(
                draft,
                as_of=as_of,
                of=of,
                currency=currency,
                approved_by=approved_by,
                closing=closing,
            )
    return made


def _from_curve(as_of: date, currency: str, note: str) -> Draft | None:
    """Amounts of different currencies are no sum, so each has a curve of its own."""
    curve = history.curve(as_of, currency)
    if not curve:
        return None
    passed = history.gate(as_of, Policy.current(), currency)
    return Draft(
        rate=passed.constrained,
        unconstrained_rate=passed.mean,
        hazards=hazards([one.history for one in curve], max(one.months for one in curve)),
        inputs={"cohorts": [one.cohort for one in curve]},
        note=note,
    )


def _check(draft: Draft) -> None:
    try:
        for rate in (draft.rate, draft.unconstrained_rate, *(draft.hazards or ())):
            if rate is not None:
                checked(rate)
    except RateOutOfRange:
        raise EstimateOutOfRange from None
    if draft.judged_remote < 0:
        raise EstimateOutOfRange


def _named(of: str | None, as_of: date) -> list[str]:
    found = cohorts.open_at(as_of)
    if of is not None:
        found = [name for name in found if of in (name, f"{Cohort.read(name).month:%Y-%m}")]
        if not found:
            raise NoSuchCohort(f"There is no open cohort {of}.")
    # What the state may claim never breaks (55-49).
    return [name for name in found if not Cohort.read(name).escheat_class]


def _version(
    name: str,
    draft: Draft,
    passed: Gate,
    policy: Policy,
    as_of: date,
    approved_by: User | None,
    position: Position,
) -> Estimate:
    proportional = policy.method == Method.PROPORTIONAL and (policy.gate_waived or passed.passes)
    inputs = {"v": position.v, "c": position.c, "a": position.a, **draft.inputs}
    version = Estimate(
        cohort=name,
        as_of=as_of,
        method=Method.PROPORTIONAL if proportional else Method.REMOTE,
        rate=draft.rate,
        unconstrained_rate=draft.unconstrained_rate,
        hazards=[str(one) for one in draft.hazards] if draft.hazards is not None else None,
        judged_remote=draft.judged_remote,
        gate=history.as_json(passed, waived=policy.gate_waived),
        inputs=inputs,
        inputs_hash=sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest(),
        approved_by=approved_by,
        note=draft.note,
    )
    _take_modifications(version, policy, position, as_of)
    return version


def _take_modifications(version: Estimate, policy: Policy, position: Position, as_of: date) -> None:
    """Terms changed since the last version: under the prospective treatment the figures of this
    moment are where it starts from (E14, 25-13)."""
    pending = Modification.objects.filter(cohort=version.cohort, estimate=None)
    changed = pending.exists()
    before = engine.latest_estimates(as_of).get(version.cohort)
    if policy.extension == Extension.PROSPECTIVE and changed:
        version.treatment = Extension.PROSPECTIVE
        version.base_c, version.base_a = position.c, position.a
        version.base_n = cohorts.recognised(as_of).get(version.cohort, 0)
    elif before is not None and before.treatment == Extension.PROSPECTIVE and not changed:
        version.treatment = before.treatment
        version.base_c, version.base_a = before.base_c, before.base_a
        version.base_n = before.base_n
    version.save()
    pending.update(estimate=version)
