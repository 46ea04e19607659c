"""The gate of the proportional method in words (accounting rules, 2.4)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from billing import figures
from billing.books.breakage.gate import ENOUGH_COHORTS, ENOUGH_MONTHS, WIDEST_SPREAD
from billing.models import Method, Policy


class Test(NamedTuple):
    title: str
    passes: bool
    told: str


class Told(NamedTuple):
    passes: bool
    waived: bool
    tests: list[Test]
    mean: str
    constrained: str
    consequence: str


def told(gate: Mapping[str, Any], policy: Policy | None = None) -> Told:
    """Of `history.as_json`, as an estimate keeps it. The policy says what follows today."""
    return Told(
        gate["passes"],
        gate["waived"],
        [_enough(gate["enough"]), _steady(gate["steady"]), _comparable(gate["comparable"])],
        figures.percent(gate["mean"]),
        figures.percent(gate["constrained"]),
        _consequence(gate, policy) if policy else "",
    )


def _enough(test: Mapping[str, Any]) -> Test:
    return Test(
        "Enough history",
        test["passes"],
        f"{test['cohorts']} cohorts matured of {ENOUGH_COHORTS}, or {test['months']} months of"
        f" cohorts of {ENOUGH_MONTHS}: one of the two is needed.",
    )


def _steady(test: Mapping[str, Any]) -> Test:
    limit = figures.percent(Decimal(WIDEST_SPREAD.numerator) / WIDEST_SPREAD.denominator, 0)
    if test["variation"] is None:
        return Test("Steady", False, "Fewer than two cohorts matured: there is no spread to tell.")
    variation = figures.percent(test["variation"], 1)
    return Test(
        "Steady",
        test["passes"],
        f"What broke varies by {variation} of its mean; up to {limit} will do.",
    )


def _comparable(test: Mapping[str, Any]) -> Test:
    if test["change_pending"]:
        return Test(
            "Comparable",
            False,
            "The policy says that expiry, price or product change: history is no guide.",
        )
    return Test("Comparable", True, "No change of expiry, price or product is pending.")


def _consequence(gate: Mapping[str, Any], policy: Policy) -> str:
    if policy.method == Method.REMOTE:
        return "The policy is to recognise breakage at expiry, whatever the gate says."
    if policy.gate_waived:
        return "The gate is waived by the policy: breakage is recognised in proportion to use."
    if gate["passes"]:
        return "New estimates recognise breakage in proportion to use."
    return "New estimates recognise breakage at expiry until all three tests pass."
