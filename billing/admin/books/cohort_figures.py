"""What is known and expected of each cohort on a day, for the page of estimates."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from billing import figures
from billing.books import cohorts, engine, history
from billing.books.breakage.chain_ladder import by_chain_ladder, differs, factors
from billing.books.breakage.estimates import by_survival
from billing.books.breakage.formula import Position, is_over_redeemed, ultimate
from billing.books.breakage.survival import hazards
from billing.books.cohorts import Cohort
from billing.books.expected import expected
from billing.books.history import Observed
from billing.models import Estimate, Method, Policy

METHODS = {"remote": "At expiry", "proportional": "In proportion to use"}


class Opinion(NamedTuple):
    """All that will ever break of a cohort, by the curve of use and by a chain ladder."""

    survival: Decimal
    ladder: Decimal | None
    differs: bool


class Line(NamedTuple):
    name: str
    versions: str
    currency: str
    v: str
    c: str
    a: str
    o: str
    n: str
    advance: str
    method: str
    version: str
    rate: str
    unconstrained: str
    expected: str
    survival: str
    ladder: str
    differs: bool
    over_redeemed: bool
    is_open: bool


def lines(as_of: date) -> list[Line]:
    """The newest cohort first; those that are open before those of which nothing is left."""
    positions = cohorts.positions(as_of)
    posted = cohorts.recognised(as_of)
    estimates = engine.latest_estimates(as_of)
    second = opinions(as_of)
    found = [
        _line(name, position, posted.get(name, 0), estimates.get(name), second.get(name), as_of)
        for name, position in positions.items()
    ]
    by_age = sorted(found, key=lambda line: line.name, reverse=True)
    return sorted(by_age, key=lambda line: not line.is_open)


def without_estimate(as_of: date) -> list[str]:
    """Of which breakage would wait for the expiry, though the policy is not to, and though the
    close makes no estimates by itself."""
    policy = Policy.current()
    if policy.method == Method.REMOTE or policy.refresh_estimates:
        return []
    known = engine.latest_estimates(as_of)
    found = [name for name in cohorts.open_at(as_of) if name not in known]
    return [name for name in found if not Cohort.read(name).escheat_class]


def opinions(as_of: date) -> dict[str, Opinion]:
    seen = history.curve(as_of)
    if not seen:
        return {}
    months = max(one.months for one in seen)
    curve = hazards([one.history for one in seen], months)
    growth = factors([one.history for one in seen], months)
    return {one.cohort: _opinion(one, curve, growth) for one in seen}


def _opinion(one: Observed, curve: Sequence[Decimal], growth: Sequence[Decimal]) -> Opinion:
    past = one.history
    used = sum(past.used)
    position = Position(used + one.expired + one.outstanding, used, one.expired)
    survival = by_survival(position, curve, past.age)
    ladder = by_chain_ladder(past, growth)
    if ladder is not None:
        # What left without being used counts there as gone; what expired of it has broken.
        ladder += position.v - (past.value - sum(past.censored))
    return Opinion(survival, ladder, differs(survival, ladder))


def _line(
    name: str,
    position: Position,
    n: int,
    estimate: Estimate | None,
    second: Opinion | None,
    as_of: date,
) -> Line:
    currency = Cohort.read(name).currency
    amount = expected(name, estimate, position, as_of)

    def told(minor: Decimal | Fraction | int | None) -> str:
        return "-" if minor is None else figures.money(round(minor), currency)

    return Line(
        name=name,
        versions=f"{reverse('admin:billing_estimate_changelist')}?{urlencode({'q': name})}",
        currency=currency,
        v=told(position.v),
        c=told(position.c),
        a=told(position.a),
        o=told(position.o),
        n=told(n),
        advance=told(n - position.a),
        method=METHODS[estimate.method] if estimate else METHODS["remote"],
        version=str(estimate) if estimate else "-",
        rate=figures.percent(estimate.rate) if estimate else "-",
        unconstrained=figures.percent(estimate.unconstrained_rate) if estimate else "-",
        expected=told(ultimate(position, amount)) if estimate else "-",
        survival=told(second.survival if second else None),
        ladder=told(second.ladder if second else None),
        differs=second.differs if second else False,
        over_redeemed=is_over_redeemed(position, amount),
        is_open=position.o > 0,
    )
