"""A back-test's answer in words and figures, for machines and as a file."""

from collections.abc import Iterator
from typing import Any, Final

from accounts.csv_files import lines, safe
from billing.backtest import results
from billing.backtest.repricing import EXPLICIT, IN_PARTS, KEPT, WITHOUT_ENDPOINT
from billing.backtest.results import Figures
from billing.models import BackTest
from ledger import amounts
from ledger import money as ledger_money

SHOWN: Final = 10

_CALLS: Final = {
    EXPLICIT: "had an amount that was said, not priced: they stay as they were",
    IN_PARTS: "were committed in parts: they stay as they were",
    WITHOUT_ENDPOINT: "named no endpoint: they stay as they were",
    KEPT: "were made under a pin, another group's card or a customer's own prices: they stay",
}
_ENDPOINTS: Final = {
    "unpriced": "The card has no price of {code}: {calls} stay as they were, and would be refused",
    "lacking": "{code}: {calls} never told a quantity that the card prices, which counts as none",
    "ignored": "{code}: {calls} told a quantity that the card does not price, and would be refused",
}


def notes(back_test: BackTest) -> list[str]:
    """What the figures leave out."""
    facts = back_test.facts
    counted = facts.get("calls", {})
    told = [f"{_many(counted[fact])} {text}." for fact, text in _CALLS.items() if counted.get(fact)]
    for fact, text in _ENDPOINTS.items():
        for code, calls in facts.get(fact, {}).items():
            told.append(text.format(code=code, calls=_many(calls)) + ".")
    if facts.get("open_lines"):
        told.append(f"Not filled in on the card yet: {', '.join(facts['open_lines'])}.")
    return told


def as_json(back_test: BackTest) -> dict[str, Any]:
    return {
        "id": str(back_test),
        "rate_card": back_test.rate_card.name,
        "since": back_test.since.isoformat(),
        "until": back_test.until.isoformat(),
        "heeds_terms": back_test.heeds_terms,
        "customers": results.customers(back_test),
        "total": _figures(results.totals(back_test)),
        "endpoints": [_figures(one, "endpoint") for one in results.by_endpoint(back_test)],
        "winners": [_figures(one, "customer") for one in results.winners(back_test, SHOWN)],
        "losers": [_figures(one, "customer") for one in results.losers(back_test, SHOWN)],
        "facts": back_test.facts,
        "notes": notes(back_test),
    }


def as_csv(back_test: BackTest) -> Iterator[bytes]:
    """A line for each endpoint of each customer."""
    currencies = results.currencies(back_test)
    header = ["Customer", "Name", "Endpoint", "Calls", "Credits before", "Credits after", "Change"]
    for currency in currencies:
        header += [f"{currency} before", f"{currency} after", f"{currency} change"]
    return lines(header, _csv_rows(back_test, currencies))


def _csv_rows(back_test: BackTest, currencies: list[str]) -> Iterator[list[str]]:
    for line in results.lines(back_test):
        figures = line.figures
        row = [line.customer, safe(line.customer_name), figures.name, str(figures.calls)]
        row += map(amounts.show, (figures.before, figures.after, figures.change))
        for currency in currencies:
            before, after = figures.money.get(currency, (0, 0))
            row += [money(one, currency) for one in (before, after, after - before)]
        yield row


def as_text(back_test: BackTest) -> Iterator[str]:
    total = results.totals(back_test)
    period = f"{back_test.since:%Y-%m-%d %H:%M} to {back_test.until:%Y-%m-%d %H:%M} UTC"
    yield f"{_many(total.calls)} under {back_test.rate_card.name}, {period}"
    yield _line("all", total)
    for title, found in (
        ("By endpoint", results.by_endpoint(back_test)),
        ("Who would have paid less", results.winners(back_test, SHOWN)),
        ("Who would have paid more", results.losers(back_test, SHOWN)),
    ):
        if found:
            yield f"{title}:"
            yield from (f"  {_line(one.name, one)}" for one in found)
    yield from (f"note: {note}" for note in notes(back_test))


def money(amount: int, currency: str) -> str:
    return ledger_money.show(amount, currency)["amount"]


def part(figures: Figures) -> str:
    """The change as a part of what it was."""
    if not figures.before:
        return "-"
    return f"{100 * figures.change / figures.before:+.2f} %"


def _line(name: str, figures: Figures) -> str:
    told = [
        f"{amounts.show(figures.before)} -> {amounts.show(figures.after)} credits",
        f"{_signed(amounts.show(figures.change))} ({part(figures)})",
    ]
    for currency, change in figures.money_change.items():
        told.append(f"{_signed(money(change, currency))} {currency}")
    return f"{name}: {', '.join(told)}, {_many(figures.calls)}"


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def _figures(figures: Figures, kind: str = "") -> dict[str, Any]:
    named = {kind: figures.name} if kind else {}
    return named | {
        "calls": figures.calls,
        "before": amounts.show(figures.before),
        "after": amounts.show(figures.after),
        "change": amounts.show(figures.change),
        "money": {
            currency: {
                "before": money(before, currency),
                "after": money(after, currency),
                "change": money(after - before, currency),
            }
            for currency, (before, after) in figures.money.items()
        },
    }


def _many(calls: int) -> str:
    return "1 call" if calls == 1 else f"{calls:,} calls"
