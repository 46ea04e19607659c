"""A scenario's answer, for programs and for people."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from billing.books.scenarios.player import Answer, Refusal
from billing.books.scenarios.transfers import Line
from ledger import money

# Of `credits`; an expectation knows more of them.
CREDITS = ("available", "held", "frozen", "consumed", "expired", "refunded")


def as_json(answer: Answer) -> str:
    document = {
        "closes": [close._asdict() for close in answer.closes],
        "balances": answer.balances,
        "credits": {
            customer: {state: own[state] for state in CREDITS}
            for customer, own in answer.credits.items()
        },
        "transfers": [_transfer(line) for line in answer.transfers],
        "refused": [_refusal(refusal) for refusal in answer.refused],
    }
    if answer.functional:
        document["functional"] = answer.functional
    return json.dumps(document, indent=2, ensure_ascii=False)


def for_people(answer: Answer) -> Iterator[str]:
    if answer.title:
        yield answer.title
    for close in answer.closes:
        yield f"\n{close.period} closed, {close.currency}"
        yield from _table(
            ("account", "movement", "balance"), _accounts(close.balances, close.movements)
        )
        lines = [tuple(line.values()) for line in close.roll_forward]
        yield from _table(("deferred revenue", "2100", "2110", "net"), lines)
        yield from _cohorts(close.cohorts)
    for unit, balances in answer.balances.items():
        yield f"\nAt the end, {unit}"
        yield from _table(
            ("account", "balance"), [row for row in balances.items() if _is_not_zero(row[1])]
        )
    for unit, balances in answer.functional.items():
        yield f"\nAll currencies together, in {unit}"
        yield from _table(("account", "balance"), list(balances.items()))
    if answer.credits:
        yield "\nCredits"
        rows = [(name, *(own[state] for state in CREDITS)) for name, own in answer.credits.items()]
        yield from _table(("customer", *CREDITS), rows)
    yield from _refused(answer.refused)


def _transfer(line: Line) -> dict[str, Any]:
    return {
        "at": f"{line.at:%Y-%m-%dT%H:%M:%SZ}",
        "posting_date": str(line.day),
        "customer": line.customer,
        "unit": line.unit,
        "debit": line.debit,
        "credit": line.credit,
        "amount": money.show_unit(line.amount, line.unit),
        "lot": line.lot,
        "kind": line.kind,
        "cohort": line.cohort,
        "document": line.document,
    }


def _refusal(refusal: Refusal) -> dict[str, str]:
    at = refusal.at
    day = str(at.date()) if at.time() == at.min.time() else f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return {"at": day, "event": refusal.event, "error": refusal.error}


def _accounts(balances: Mapping[str, str], movements: Mapping[str, str]) -> list[tuple[str, ...]]:
    rows = [(code, movements[code], amount) for code, amount in balances.items()]
    return [row for row in rows if _is_not_zero(row[1]) or _is_not_zero(row[2])]


def _cohorts(cohorts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if cohorts:
        names = ("name", "v", "c", "a", "o", "rate", "expected", "n", "2110", "method")
        yield from _table(names, [tuple(str(one[name] or "") for name in names) for one in cohorts])


def _refused(refused: Sequence[Refusal]) -> Iterator[str]:
    if refused:
        yield "\nRefused"
    for refusal in refused:
        yield f"  event {refusal.number} ({refusal.event}): {refusal.error}. {refusal.detail}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column to the left, figures to the right."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        first, *rest = (text.rjust(width) for text, width in zip(line, widths, strict=True))
        yield "  " + "  ".join([line[0].ljust(widths[0]), *rest]).rstrip()


def _is_not_zero(amount: str) -> bool:
    return bool(amount.strip("-0."))
