"""Money, by currency: sales, and what became revenue by use and by breakage."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from billing import figures
from billing.admin.dashboard import summed
from billing.admin.dashboard.blocks import Block, Figure, Seen, minute
from billing.admin.dashboard.summed import Measure, Measured
from billing.care.openings.applying import CLEARING
from billing.charts import figure as drawn
from ledger.money import CREDITS

# What is brought as an opening balance was sold elsewhere.
SALES = Measure(
    "Sales",
    lambda one: one.into("2100") if one.kind == "grant" and one.debit != CLEARING else 0,
)
USAGE = Measure("Usage revenue", lambda one: one.into("4100"))
BREAKAGE = Measure("Breakage", lambda one: one.into("4200"))
FEES = Measure("Fees", lambda one: one.into("4110") + one.into("4400"))
LESS = Measure(
    "Refunds and chargebacks",
    lambda one: one.into("4300") + one.into("4310") + one.into("4390"),
)
PARTS = (USAGE, BREAKAGE, FEES, LESS)
MEASURES = (SALES, *PARTS)
EMPTY = "No money moved in this time. Once a pack is sold, it stands here."


def block(seen: Seen) -> Block | None:
    if not seen.may("billing.view_report"):
        return None
    made = Block(
        "money",
        "Revenue and breakage",
        minute(seen.summed_at),
        warning=summed.warning(seen),
        notes=[
            "Sales are net of tax and become revenue as their credits are used. What is used is"
            " entered as revenue once an hour, for the day on which it was used; breakage as the"
            " policy says."
        ],
        links=seen.links(
            ("billing.view_report", "Reports", "billing_report_changelist"),
            ("billing.view_period", "Months", "billing_period_changelist"),
        ),
    )
    rows = [one for one in seen.sums if one.unit != CREDITS]
    for currency in sorted({one.unit for one in rows}):
        of_currency = [one for one in rows if one.unit == currency]
        found = {one: summed.measured(of_currency, one) for one in MEASURES}
        if any(one.now or one.before for one in found.values()):
            made.figures += _figures(found, currency)
            made.charts += _charts(seen, found, currency)
    made.empty = "" if made.figures else EMPTY
    return made


def _figures(found: dict[Measure, Measured], currency: str) -> list[Figure]:
    def shown(amount: int) -> str:
        return f"{figures.money(amount, currency)} {currency}"

    whole = _whole([found[one] for one in PARTS])
    shown_always = (USAGE, BREAKAGE)
    return [
        summed.figure(SALES, found[SALES], shown),
        summed.figure(Measure("Revenue in all", SALES.of), whole, shown),
        *(
            summed.figure(one, found[one], shown)
            for one in PARTS
            if one in shown_always or found[one].now or found[one].before
        ),
    ]


def _whole(found: Sequence[Measured]) -> Measured:
    return Measured(sum(one.now for one in found), sum(one.before for one in found), {})


def _charts(seen: Seen, found: dict[Measure, Measured], currency: str) -> list[SafeString]:
    title = f"Revenue, {currency}"
    chart = summed.chart(seen.span, title, currency, [(one, found[one]) for one in PARTS])
    return [drawn(chart)] if chart else []
