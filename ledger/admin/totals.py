"""Sums of what is listed, in words."""

from typing import Any

from ledger import money
from ledger.admin import shown
from ledger.windows.sums import Sums, Window

# Which of the columns says what the sums are in. Of others, they are credits.
_UNIT = "unit"
_CURRENCY = "currency"
_MONEY = ("price",)


def told(window: Window, found: Sums, titles: Any) -> dict[str, Any]:
    names = list(window.sums)
    lines = [
        {
            "group": [text or "-" for text in group],
            "rows": f"{amounts[0]:,}",
            "sums": [
                _amount(name, amount, dict(zip(window.groups, group, strict=True)))
                for name, amount in zip(names, amounts[1:], strict=True)
            ],
        }
        for group, amounts in sorted(found.groups.items())
    ]
    return {
        "groups": [name.replace("_now", "") for name in window.groups],
        "sums": titles or names,
        "lines": lines,
        "rows": f"{found.rows:,}",
        "is_all": found.below is None,
        "looked_back_to": shown.instant(found.looked_back_to),
    }


def _amount(name: str, amount: int, group: dict[str, str]) -> str:
    if name in _MONEY:
        currency = group[_CURRENCY]
        return shown.grouped(money.show_unit(amount, currency)) if currency else "-"
    return shown.grouped(money.show_unit(amount, group.get(_UNIT, money.CREDITS)))
