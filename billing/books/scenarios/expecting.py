"""What a file expects, against what the books have. Amounts are compared as numbers."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from billing.books.scenarios import books
from billing.books.scenarios.file import Event
from billing.books.scenarios.transfers import Journal
from billing.books.scenarios.transfers import Line as Entry
from billing.books.scenarios.wanted import Line, Wanted
from billing.books.scenarios.world import World
from ledger import money
from ledger.money import CREDITS

Key = tuple[str, str, str | None, str]
Sums = defaultdict[Key, Decimal]


class Difference(NamedTuple):
    number: int
    what: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"event {self.number} (expect): {self.what} is {self.found}, not {self.wanted}"


def differences(
    event: Event, world: World, journal: Journal, errors: Sequence[str]
) -> list[Difference]:
    said = event.fields
    found = [
        *_of_balances(said["balances"] or [], world),
        *_of_credits(said["credits"] or {}, world),
        *_of_functional(said["functional"] or []),
    ]
    new = journal.new_lines()
    if said["journal"] is not None:
        found += _of_journal(said["journal"], new)
    if said["refused"] is not None and list(errors) != said["refused"]:
        found.append(("refused", ", ".join(said["refused"]), ", ".join(errors)))
    return [Difference(event.number, *difference) for difference in found]


def _of_balances(wanted: Sequence[Wanted], world: World) -> Iterator[tuple[str, str, str]]:
    found = books.balances(world.currency)
    for currency, code, amount in wanted:
        unit = CREDITS if code.startswith("U") else currency or world.currency
        stands = found.get(unit, {}).get(code, "0")
        if Decimal(stands) != amount:
            yield f"{code} {unit}", str(amount), stands


def _of_functional(wanted: Sequence[Wanted]) -> Iterator[tuple[str, str, str]]:
    found = books.functional() if wanted else {}
    for _, code, amount in wanted:
        stands = found.get(code, "0")
        if Decimal(stands) != amount:
            yield f"{code} in the functional currency", str(amount), stands


def _of_credits(
    wanted: dict[str, dict[str, Decimal]], world: World
) -> Iterator[tuple[str, str, str]]:
    found = books.credits(world.customers)
    for customer, states in wanted.items():
        for state, amount in states.items():
            stands = found.get(customer, {}).get(state, "0")
            if Decimal(stands) != amount:
                yield f"{state} of {customer}", str(amount), stands


def _of_journal(wanted: Sequence[Line], entries: Sequence[Entry]) -> Iterator[tuple[str, str, str]]:
    """Sums by side, account and unit; by lot where the file names one."""
    sums: Sums = defaultdict(Decimal)
    for line in wanted:
        sums[line.side, line.account, line.lot, line.unit] += line.amount
    found = _sums(entries, sums)
    for key in sorted({*sums, *found}, key=str):
        if sums[key] != found[key]:
            yield _told(key), str(sums[key]), str(found[key])


def _sums(entries: Sequence[Entry], named: Sums) -> Sums:
    found: Sums = defaultdict(Decimal)
    for entry in entries:
        amount = Decimal(money.show_unit(entry.amount, entry.unit))
        for side, account in (("Dr", entry.debit), ("Cr", entry.credit)):
            key = (side, account, entry.lot, entry.unit)
            found[key if key in named else (side, account, None, entry.unit)] += amount
    return found


def _told(key: Key) -> str:
    side, account, lot, unit = key
    return f"{side} {account}{f':{lot}' if lot else ''} {unit}"
