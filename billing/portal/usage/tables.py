"""The tables of the page of usage, with ways to less of it and to the calls themselves."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple
from urllib.parse import urlencode

from accounts import ids
from accounts.models import ApiKey
from billing import figures, shown
from billing.portal.usage import asked as usage_asked
from billing.portal.usage import sums as usage_sums
from billing.portal.usage.asked import CALLS, NONE, Asked
from billing.portal.usage.sums import Total
from ledger.usage import Dimension, Used

CALL_LOG: Final = "/portal/calls/"


class Row(NamedTuple):
    """Without `narrower` the page is about it already,
    and without `calls_page` the call log cannot be asked for just these."""

    words: str
    note: str
    calls: str
    credits: str
    share: str
    error_rate: str
    narrower: str
    calls_page: str


class Table(NamedTuple):
    dimension: str
    title: str
    of: str
    share_of: str
    has_error_rates: bool
    rows: list[Row]


_TITLES: Final = {
    Dimension.ENDPOINT: ("By endpoint", "Endpoint"),
    Dimension.KEY: ("By key", "Key"),
    Dimension.OUTCOME: ("By outcome", "Outcome"),
}


def tables(rows: Sequence[Used], asked: Asked) -> list[Table]:
    return [
        _table(usage_sums.merged(rows, {dimension, Dimension.OUTCOME}), asked, dimension)
        for dimension in usage_asked.SPLITS
    ]


def days(rows: Iterable[Used], asked: Asked) -> Table:
    """The last first, also those without a call."""
    found = usage_sums.totals(rows, lambda one: one.group.day)
    whole = _whole(found.values(), asked)
    made = [
        _row(
            _day(day, asked),
            "",
            found.get(day, Total()),
            whole,
            asked,
            narrower=f"from={day}&to={day}&{urlencode(asked.kept)}",
            calls_page=_calls(asked, {"from": str(day), "to": str(day)}),
        )
        for day in reversed(asked.days.all)
    ]
    return Table("day", "By day", "UTC day", asked.unit, True, made)


def by_weight(
    rows: Iterable[Used], of: Callable[[Used], str], asked: Asked
) -> list[tuple[str, Total]]:
    """Groups, the one with the most of what is shown first."""
    found = usage_sums.totals(rows, of)
    return sorted(found.items(), key=lambda one: (-weight(one[1], asked), -one[1].calls, one[0]))


def weight(total: Total, asked: Asked) -> int:
    return total.calls if asked.unit == CALLS else total.amount


def id_of(key: ApiKey | None) -> str:
    """As the API says it."""
    return ids.encode(ids.KEY, key.id) if key else ""


def _table(rows: Sequence[Used], asked: Asked, dimension: Dimension) -> Table:
    title, of = _TITLES[dimension]
    # Most of those that fail cost nothing, and an outcome is its own error rate.
    is_of_outcomes = dimension is Dimension.OUTCOME
    weighed = asked._replace(unit=CALLS) if is_of_outcomes else asked
    one_of = {usage_asked.value_of(one, dimension): one for one in rows}
    found = by_weight(rows, lambda one: usage_asked.value_of(one, dimension), weighed)
    whole = _whole((one for _, one in found), weighed)
    is_narrowed = any(one.dimension is dimension for one in asked.narrowed)
    made = [
        _row(
            usage_asked.words_of(one_of[value], dimension),
            _note(one_of[value], dimension),
            total,
            whole,
            weighed,
            narrower="" if is_narrowed else asked.address(**{dimension.value: value}),
            calls_page=_calls(asked, {dimension.value: value}),
        )
        for value, total in found
    ]
    return Table(dimension.value, title, of, weighed.unit, not is_of_outcomes, made)


def _row(
    words: str,
    note: str,
    total: Total,
    whole: int,
    asked: Asked,
    *,
    narrower: str,
    calls_page: str,
) -> Row:
    share = Decimal(weight(total, asked)) / whole if whole else None
    return Row(
        words,
        note,
        f"{total.calls:,}",
        shown.credits(total.amount),
        figures.percent(share, 1),
        total.error_rate_in_words,
        narrower,
        calls_page if total.calls else "",
    )


def _whole(totals: Iterable[Total], asked: Asked) -> int:
    return sum(weight(one, asked) for one in totals)


def _day(day: date, asked: Asked) -> str:
    return f"{day:%a %-d %b %Y}" + (", so far" if day == asked.days.today else "")


def _note(used: Used, dimension: Dimension) -> str:
    if dimension is not Dimension.KEY or used.key is None:
        return ""
    if used.key.revoked_at:
        return "Revoked"
    return "Expired" if used.key.has_ended() else ""


def _calls(asked: Asked, more: dict[str, str]) -> str:
    """The call log of these; it cannot be asked for calls that say nothing of something."""
    said = {"from": str(asked.days.first), "to": str(asked.days.last)}
    said |= {one.dimension.value: one.value for one in asked.narrowed} | more
    return "" if NONE in said.values() else f"{CALL_LOG}?{urlencode(said)}"
