"""The roll-forward of deferred revenue over a month (accounting rules, 8.1): what 2100 and 2110
moved by, told by the accounts on the other side. A debit of 2110 is a minus."""

from datetime import date

from billing.books.cohorts import last_day
from billing.books.rows import rows
from ledger import money

_MOVES = """
select t.debit, t.credit, sum(t.amount)::bigint,
    coalesce(t.posted_on, ledger_day(t.posted_at)) < %(start)s as before
from ledger_transfer t
where t.unit = %(currency)s and array[t.debit, t.credit] && array['2100', '2110']
    and coalesce(t.posted_on, ledger_day(t.posted_at)) <= %(end)s
group by 1, 2, 4
"""
LINES = (
    *("opening", "sales", "usage revenue", "commit reversals", "expiry", "breakage revenue"),
    *("refunds", "chargebacks", "escheat", "transfers", "closing"),
)
# By the account on the other side of 2100 or 2110. Sales and chargebacks also know others.
_LINE_OF = {
    "1000": "sales",
    "4200": "breakage revenue",
    "2400": "refunds",
    "4300": "refunds",
    "1100": "chargebacks",
    "1200": "chargebacks",
    "4310": "chargebacks",
    "6300": "chargebacks",
    "2300": "escheat",
    "2190": "transfers",
}
_COLUMNS = ("2100", "2110")


def roll_forward(month: date, currency: str) -> list[dict[str, str]]:
    found = {line: dict.fromkeys(_COLUMNS, 0) for line in LINES}
    parameters = {"start": month, "end": last_day(month), "currency": currency}
    for debit, credit, amount, before in rows(_MOVES, parameters):
        line = "opening" if before else _line(debit, credit)
        for name in (line, "closing"):
            for account, signed in ((debit, -amount), (credit, amount)):
                if account in _COLUMNS:
                    found[name][account] += signed
    return [_shown(line, found[line], currency) for line in LINES]


def _line(debit: str, credit: str) -> str:
    if {debit, credit} == {*_COLUMNS}:
        return "expiry"
    if credit == "4100":
        return "usage revenue"
    if debit == "4100":
        return "commit reversals"
    return _LINE_OF.get(credit if debit in _COLUMNS else debit, "transfers")


def _shown(line: str, amounts: dict[str, int], currency: str) -> dict[str, str]:
    columns = {**amounts, "net": sum(amounts.values())}
    return {
        "line": line,
        **{name: money.show_unit(amount, currency) for name, amount in columns.items()},
    }
