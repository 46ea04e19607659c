"""What is reported of a month (accounting rules, section 8)."""

from collections.abc import Callable
from datetime import date
from typing import Final, NamedTuple

from billing.books.reports import (
    ageing,
    cohorts,
    escheat,
    estimate_log,
    functional,
    promo,
    roll_forward,
    trial_balance,
    waterfall,
)
from billing.books.reports.table import Table


class Report(NamedTuple):
    """`report` has the tables of a month, which is given by its first day: one for each currency,
    and one of credits where there is something to say of them."""

    title: str
    why: str
    report: Callable[[date], list[Table]]


REPORTS: Final[dict[str, Report]] = {
    "roll-forward": Report(
        "Deferred revenue roll-forward",
        "How what is owed to customers went from the beginning of the month to its end.",
        roll_forward.report,
    ),
    "waterfall": Report(
        "Revenue waterfall",
        "What was recognised of each month's sales, and when the rest is expected.",
        waterfall.report,
    ),
    "cohorts": Report(
        "Breakage by cohort",
        "What was used and what expired of each cohort, and what its estimate says.",
        cohorts.report,
    ),
    "estimate-log": Report(
        "Estimate changes",
        "Each new estimate: the old rate, the new one, the catch-up, and who approved it.",
        estimate_log.report,
    ),
    "trial-balance": Report(
        "Trial balance",
        "Every account at the end of the month; debits and credits are equal.",
        trial_balance.report,
    ),
    "functional": Report(
        "Functional currency",
        "All currencies together, deferred revenue at the rate of the day of its sale.",
        functional.report,
    ),
    "ageing": Report(
        "Ageing of deferred revenue",
        "When what is outstanding expires, and what of it is current.",
        ageing.report,
    ),
    "escheat": Report(
        "Escheat register",
        "What the state may claim, by where, and when it must be reported.",
        escheat.report,
    ),
    "promo": Report(
        "Promotional credits",
        "Credits given without a price, at list price: a memo, not in the books.",
        promo.report,
    ),
}
