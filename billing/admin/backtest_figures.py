"""A back-test's answer, as its page writes it."""

from collections.abc import Sequence
from typing import Any, Final

from billing import charts, figures
from billing.backtest import results, telling
from billing.backtest.results import Figures
from billing.charts import Chart
from billing.models import BackTest

CHARTED: Final = 8
NAMED: Final = 10
# So that names are told apart under their bars.
LABEL_MAX: Final = 16


def of(back_test: BackTest) -> dict[str, Any]:
    endpoints = results.by_endpoint(back_test)
    winners = results.winners(back_test, NAMED)
    losers = results.losers(back_test, NAMED)
    total = results.totals(back_test)
    return {
        "total": _row(total),
        "money": [_money(total, currency) for currency in total.money],
        "customers": f"{results.customers(back_test):,}",
        "notes": telling.notes(back_test),
        "charts": [
            charts.figure(chart)
            for chart in (_by_endpoint(endpoints[:CHARTED]), _by_customer(winners, losers))
        ],
        "tables": [
            {"title": title, "of": of, "rows": [_row(one) for one in found], "none": none}
            for title, of, found, none in (
                ("By endpoint", "Endpoint", endpoints, "No calls."),
                ("Who would have paid less", "Customer", winners, "Nobody."),
                ("Who would have paid more", "Customer", losers, "Nobody."),
            )
        ],
    }


def _row(one: Figures) -> dict[str, str]:
    return {
        "name": one.name,
        "calls": f"{one.calls:,}",
        "before": figures.credits(one.before),
        "after": figures.credits(one.after),
        "change": _signed(figures.credits(one.change), one.change),
        "part": telling.part(one).replace("-", figures.MINUS) if one.before else "-",
        "money": "; ".join(
            f"{_signed(figures.money(change, currency), change)} {currency}"
            for currency, change in one.money_change.items()
        )
        or "-",
    }


def _money(total: Figures, currency: str) -> dict[str, str]:
    before, after = total.money[currency]
    return {
        "currency": currency,
        "before": figures.money(before, currency),
        "after": figures.money(after, currency),
        "change": _signed(figures.money(after - before, currency), after - before),
    }


def _by_endpoint(endpoints: Sequence[Figures]) -> Chart:
    return Chart(
        "bars",
        "By endpoint, as it was and under the card",
        "credits",
        [_label(one.name) for one in endpoints],
        [
            ("As it was", [one.before for one in endpoints]),
            ("Under the card", [one.after for one in endpoints]),
        ],
    )


def _by_customer(winners: Sequence[Figures], losers: Sequence[Figures]) -> Chart:
    """From who gains most to who loses most."""
    found = [*winners[: CHARTED // 2], *reversed(losers[: CHARTED // 2])]
    return Chart(
        "bars",
        "Change of those whom it changes most for",
        "credits",
        [_label(one.name) for one in found],
        [("Change", [one.change for one in found])] if found else [],
    )


def _label(name: str) -> str:
    return name if len(name) <= LABEL_MAX else f"{name[: LABEL_MAX - 1]}\N{HORIZONTAL ELLIPSIS}"


def _signed(text: str, amount: int) -> str:
    return f"+{text}" if amount > 0 else text
