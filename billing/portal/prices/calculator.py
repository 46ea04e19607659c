"""The calculator of the price list: what is typed, and what an estimate says of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from accounts.errors import InvalidRequest
from accounts.models import Customer
from billing import shown
from billing.portal import typed_numbers
from billing.portal.prices import words as price_words
from billing.portal.prices.price_list import Line
from ledger import estimates
from ledger.errors import LedgerError
from ledger.estimates import REPEATED_MAX, Cover
from ledger.fastpath.requests import PricedCall
from ledger.prices import pricing
from ledger.prices.pricing import CALLS, Number
from ledger.prices.repeated import Part, Repeated

ONLY_CALLS: Final = "Write how many calls, too."
_NAMES: Final = re.compile(r"(?:calls|each)-.*", re.DOTALL)


class Field(NamedTuple):
    name: str
    label: str
    value: str
    error: str


class Row(NamedTuple):
    """An endpoint: how many calls, and how much of each unit a call has."""

    line: Line
    calls: Field
    each: list[Field]
    times: int
    quantity: dict[str, Number]

    @property
    def fields(self) -> list[Field]:
        return [self.calls, *self.each]

    @property
    def is_wrong(self) -> bool:
        return any(field.error for field in self.fields)


class Estimated(NamedTuple):
    """`each` says what a call has, `how` what it comes to by stretches, `parts` by tiers."""

    name: str
    calls: str
    each: str
    credits: str
    how: list[str]
    parts: list[str]


class Estimate(NamedTuple):
    """Amounts are micro-credits beside their words."""

    lines: list[Estimated]
    amount: int
    credits: str
    available: str
    shortfall: str
    lasts: str


class Calculation(NamedTuple):
    rows: list[Row]
    unknown: bool
    refusal: str
    estimate: Estimate | None

    @property
    def is_wrong(self) -> bool:
        return bool(self.refusal) or any(row.is_wrong for row in self.rows)


def calculation(customer: Customer, lines: Sequence[Line], typed: Mapping[str, str]) -> Calculation:
    """Where something is wrong it says what, and estimates nothing."""
    rows = [_row(line, typed) for line in lines]
    known = {field.name for row in rows for field in row.fields}
    unknown = any(_NAMES.fullmatch(name) and name not in known for name in typed)
    asked = [row for row in rows if row.times]
    if not asked or any(row.is_wrong for row in rows):
        return Calculation(rows, unknown, "", None)
    calls = [
        (PricedCall(endpoint=row.line.price.endpoint, quantity=row.quantity or None), row.times)
        for row in asked
    ]
    try:
        found = estimates.of_equal_calls(calls, customer.id)
    except InvalidRequest as refusal:
        return Calculation(rows, unknown, refusal.members["errors"][0]["detail"], None)
    except LedgerError as refusal:
        return Calculation(rows, unknown, refusal.detail, None)
    amount = sum(one.amount for one in found)
    told = [_estimated(row, one) for row, one in zip(asked, found, strict=True)]
    return Calculation(
        rows, unknown, "", _estimate(told, amount, estimates.cover(customer.id, amount))
    )


def typed_values(calculation: Calculation) -> dict[str, str]:
    """What is filled in, for an address that leads here again."""
    fields = (field for row in calculation.rows for field in row.fields)
    return {field.name: field.value for field in fields if field.value}


def _row(line: Line, typed: Mapping[str, str]) -> Row:
    price = line.price
    name = f"calls-{price.endpoint_id}"
    text = typed.get(name, "").strip()
    times, error = _times(text)
    quantity: dict[str, Number] = {}
    each = []
    for unit in price.measured:
        field, number = _each(price, unit, typed)
        each.append(field)
        if number:
            quantity[unit] = number
    if not text and any(field.value for field in each):
        error = ONLY_CALLS
    return Row(line, Field(name, "Calls", text, error), each, times, quantity)


def _times(text: str) -> tuple[int, str]:
    try:
        return (typed_numbers.whole(text, most=REPEATED_MAX) if text else 0), ""
    except ValueError as error:
        return 0, str(error)


def _each(price: pricing.Price, unit: str, typed: Mapping[str, str]) -> tuple[Field, str]:
    """And the quantity where it is one that can be priced."""
    name = f"each-{price.endpoint_id}-{unit}"
    text = typed.get(name, "").strip()
    label = f"{unit.capitalize()} a call"
    if not text:
        return Field(name, label, "", ""), ""
    try:
        number = typed_numbers.quantity(text)
        pricing.charge(price, {unit: number})
    except ValueError as error:
        return Field(name, label, text, str(error)), ""
    except InvalidRequest as refusal:
        return Field(name, label, text, refusal.members["errors"][0]["detail"]), ""
    return Field(name, label, text, ""), number


def _estimated(row: Row, found: Repeated) -> Estimated:
    told = [f"{price_words.grouped(str(number))} {unit}" for unit, number in row.quantity.items()]
    return Estimated(
        name=row.line.name,
        calls=f"{found.calls:,} call{'' if found.calls == 1 else 's'}",
        each=f"of {' and '.join(told)}" if told else "",
        credits=shown.credits(found.amount),
        how=list(_stretches(found)),
        parts=list(_parts(found)) if found.price.depends_on_month else [],
    )


def _stretches(found: Repeated) -> Iterator[str]:
    for place, stretch in enumerate(found.stretches):
        cost = price_words.credits(stretch.charge.amount) if stretch.charge.amount else "nothing"
        if len(found.stretches) == 1:
            yield f"{cost} a call"
        else:
            yield f"{'the first' if not place else 'then'} {stretch.calls:,}: {cost} each"


def _parts(found: Repeated) -> Iterator[str]:
    if found.price.per_call:
        yield f"{found.calls:,} calls at {price_words.credits(found.price.per_call)} a call"
    for part in found.parts:
        yield f"{price_words.grouped(part.quantity)} {part.unit} {_at(part)}"


def _at(part: Part) -> str:
    if part.amount is None:
        return "free by the quota of the month"
    what = "calls" if part.unit == CALLS else part.unit
    for_each = "each" if part.size == 1 else f"per {part.size:,} {what}"
    return f"at {price_words.credits(part.amount)} {for_each}"


def _estimate(lines: list[Estimated], amount: int, cover: Cover) -> Estimate:
    return Estimate(
        lines=lines,
        amount=amount,
        credits=shown.credits(amount),
        available=shown.credits(cover.available),
        shortfall=shown.credits(cover.shortfall) if cover.shortfall else "",
        lasts=_lasts(amount, cover.available),
    )


def _lasts(amount: int, available: int) -> str:
    """Of so much a day."""
    if not amount or available <= 0:
        return ""
    days = available // amount
    if not days:
        return "less than a day"
    return f"{days:,} day{'' if days == 1 else 's'}"
