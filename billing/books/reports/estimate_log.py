"""Each estimate that was made in a month, beside the one before (accounting rules, 8.4)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from billing.books.cohorts import Cohort, last_day
from billing.books.reports.table import Column, Row, Table, total
from billing.charts import Chart
from billing.models import BreakageRun, Estimate

_COLUMNS = (
    Column("as_of", "As of", "date"),
    Column("cohort", "Cohort", "text"),
    Column("version", "Version", "text"),
    Column("method", "Method", "text"),
    Column("treatment", "Treatment", "text"),
    Column("old_rate", "Old rate", "percent"),
    Column("new_rate", "New rate", "percent"),
    Column("old_expected", "Old estimate", "money"),
    Column("new_expected", "New estimate", "money"),
    Column("catch_up", "Catch-up", "money"),
    Column("approved_by", "Approved by", "text"),
    Column("note", "Note", "text"),
)


def report(month: date) -> list[Table]:
    """Of each currency in which there was one. The catch-up is what was posted to 4200 for it."""
    end = last_day(month)
    made = list(
        Estimate.objects.filter(as_of__gte=month, as_of__lte=end)
        .select_related("approved_by")
        .order_by("as_of", "id")
    )
    before = _before(made, end)
    runs = _runs({one.cohort for one in made}, end)
    by_currency: dict[str, list[Row]] = defaultdict(list)
    for one in made:
        row = _row(one, before.get(one.pk), runs)
        by_currency[Cohort.read(one.cohort).currency].append(row)
    return [_table(currency, rows) for currency, rows in sorted(by_currency.items())]


def _before(made: Iterable[Estimate], end: date) -> dict[int, Estimate]:
    """The version that each took the place of."""
    cohorts = {one.cohort for one in made}
    found: dict[int, Estimate] = {}
    last: dict[str, Estimate] = {}
    versions = Estimate.objects.filter(cohort__in=cohorts, as_of__lte=end)
    for one in versions.order_by("cohort", "as_of", "id"):
        if one.cohort in last:
            found[one.pk] = last[one.cohort]
        last[one.cohort] = one
    return found


def _runs(cohorts: set[str], end: date) -> dict[int | None, list[BreakageRun]]:
    """Of each version what the engine found with it, in its order."""
    found: dict[int | None, list[BreakageRun]] = defaultdict(list)
    for run in BreakageRun.objects.filter(cohort__in=cohorts, as_of__lte=end).order_by("id"):
        found[run.estimate_id].append(run)
    return found


def _row(one: Estimate, before: Estimate | None, runs: dict[int | None, list[BreakageRun]]) -> Row:
    old = runs[before.pk][-1:] if before else []
    new = runs[one.pk][:1]
    return {
        "as_of": one.as_of,
        "cohort": one.cohort,
        "version": str(one),
        "method": one.method,
        "treatment": one.treatment,
        "old_rate": _rate(before, old),
        "new_rate": _rate(one, new),
        "old_expected": round(old[0].expected) if old else None,
        "new_expected": round(new[0].expected) if new else None,
        "catch_up": sum(run.catch_up for run in runs[one.pk]),
        "approved_by": one.approved_by.email if one.approved_by else "",
        "note": one.note,
    }


def _rate(estimate: Estimate | None, run: list[BreakageRun]) -> Decimal | None:
    """As it was used: a curve's is what the engine made of it."""
    if estimate is None:
        return None
    if estimate.hazards is None:
        return estimate.rate
    return run[0].expected / run[0].v if run and run[0].v else estimate.rate


def _table(currency: str, rows: list[Row]) -> Table:
    amounts = tuple(column for column in _COLUMNS if column.name == "catch_up")
    return Table(
        f"estimate-log-{currency}",
        f"Estimate changes, {currency}",
        _COLUMNS,
        rows,
        currency,
        {"as_of": None, **total((_COLUMNS[1], *amounts), rows)},
        "The catch-up is posted in the month of the change; nothing before is restated.",
        Chart(
            "bars",
            "Catch-up",
            currency,
            [str(row["version"]) for row in rows],
            [("Catch-up", [row["catch_up"] for row in rows])],
        ),
    )
