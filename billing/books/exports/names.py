"""What an account is called in an accounting system: as finance said, or else as in our chart."""

from collections.abc import Callable
from typing import NamedTuple

from billing.books.rows import rows
from billing.models import AccountName, Target

TAX_RATE = "Tax Exempt"
# Receivable of customers: systems want to know of whom.
_PARTIES = {"1100": "Prepaid customers"}


class Name(NamedTuple):
    account: str
    tax_rate: str
    party: str


def names(target: str) -> dict[str, Name]:
    """By our codes."""
    made = _DEFAULTS[target]
    chart = rows("select code, name from ledger_account where unit = 'money'")
    found = {code: Name(made(code, name), TAX_RATE, _party(target, code)) for code, name in chart}
    for one in AccountName.objects.filter(target=target):
        party = one.party or _party(target, one.code)
        found[one.code] = Name(one.account_name, one.tax_rate or TAX_RATE, party)
    return found


def _party(target: str, code: str) -> str:
    return _PARTIES.get(code, "") if target == Target.QUICKBOOKS else ""


def _parent_and_sub(code: str, name: str) -> str:
    parent, colon, sub = name.partition(": ")
    return f"{parent}:{sub.capitalize()}" if colon else name


def _number(code: str, name: str) -> str:
    return code


def _number_and_name(code: str, name: str) -> str:
    return f"{code} {name.replace(':', ',')}"


_DEFAULTS: dict[str, Callable[[str, str], str]] = {
    Target.QUICKBOOKS: _parent_and_sub,
    Target.XERO: _number,
    Target.NETSUITE: _number_and_name,
}
