"""What each event may say (accounting rules, section 10).

Beyond that section: a purchase may have a bonus and how much of each is expected to be used (E03b),
a family of packs (E20), and its buyer's place, which may have an escheat class; what a state claims
may be remitted or returned, and a lot be found to be of a class (E17); an expectation may have the
journal since the last one, and the refusals so far.
"""

from typing import Any

from billing.books.scenarios import fields
from billing.books.scenarios.fields import Field, Shape, may, must
from billing.books.scenarios.wanted import balances, credits_of, journal, refused

_BONUS: Shape = {
    "credits": must(fields.credits),
    "expires": may(fields.instant),
    "expected_use": may(fields.rate),
}


def _mapping(shape: Shape) -> fields.Reader:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError(f"{value!r} has no fields")
        found, mistakes = check(shape, value)
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return found

    return read


def check(shape: Shape, given: dict[Any, Any]) -> tuple[dict[str, Any], list[str]]:
    """The fields as they are meant, absent ones as None, and every mistake."""
    mistakes = [f"there is no field {name}" for name in given if name not in shape]
    found: dict[str, Any] = {}
    for name, field in shape.items():
        value = given.get(name)
        found[name] = None
        if value is None:
            mistakes += [f"{name} is missing"] if field.required else []
            continue
        try:
            found[name] = field.read(value)
        except ValueError as error:
            mistakes.append(f"{name}: {error}")
    return found, mistakes


EVENTS: dict[str, Shape | Field] = {
    "purchase": {
        "id": must(fields.name),
        "customer": must(fields.name),
        "credits": must(fields.credits),
        "price": must(fields.amount),
        "tax": may(fields.amount),
        "fee": may(fields.amount),
        "currency": may(fields.currency),
        "expires": may(fields.instant),
        "expected_use": may(fields.rate),
        "bonus": may(_mapping(_BONUS)),
        "family": may(fields.name),
        "jurisdiction": may(fields.jurisdiction),
    },
    "grant": {
        "id": may(fields.name),
        "customer": must(fields.name),
        "credits": must(fields.credits),
        "kind": must(fields.name),
        "expires": may(fields.instant),
    },
    "reserve": {
        "id": must(fields.name),
        "customer": must(fields.name),
        "credits": must(fields.credits),
    },
    "commit": {
        "id": may(fields.name),
        "reservation": may(fields.name),
        "customer": may(fields.name),
        "credits": may(fields.credits),
    },
    "release": {"reservation": must(fields.name)},
    "reverse": {"reservation": must(fields.name), "credits": may(fields.credits)},
    "refund": {
        "purchase": must(fields.name),
        "credits": may(fields.credits),
        "amount": may(fields.amount),
        "currency": may(fields.currency),
        "fee_kept": may(fields.amount),
    },
    "dispute": {
        "purchase": must(fields.name),
        "opened": may(fields.yes),
        "won": may(fields.yes),
        "lost": may(fields.yes),
        "amount": may(fields.amount),
        "currency": may(fields.currency),
        "fee": may(fields.amount),
        "fee_returned": may(fields.amount),
    },
    "adjust": {
        "id": may(fields.name),
        "customer": must(fields.name),
        "credits": must(fields.signed_credits),
        "cause": may(fields.name),
        "purchase": may(fields.name),
        "expires": may(fields.instant),
    },
    "extend": {"purchase": must(fields.name), "expires": must(fields.instant)},
    "reinstate": {
        "purchase": must(fields.name),
        "credits": must(fields.credits),
        "expires": may(fields.instant),
    },
    "move": {
        "from": must(fields.name),
        "to": must(fields.name),
        "credits": must(fields.credits),
        "purchase": may(fields.name),
        "currency": may(fields.currency),
    },
    "escheat": {
        "purchase": must(fields.name),
        "credits": may(fields.credits),
        "class": may(fields.name),
        "remitted": may(fields.yes),
        "returned": may(fields.yes),
        "expires": may(fields.instant),
    },
    "estimate": {
        "rate": may(fields.rate),
        "cohort": may(fields.name),
        "remote": may(fields.amount),
    },
    "close": must(fields.month),
    "rate": {
        "currency": must(fields.currency),
        "to": must(fields.currency),
        "rate": must(fields.number),
    },
    "expect": {
        "balances": may(balances),
        "credits": may(credits_of),
        "journal": may(journal),
        "functional": may(balances),
        "refused": may(refused),
    },
}

# Of these, one has to be said; and of those, no two at once.
ONE_OF: dict[str, tuple[tuple[str, ...], ...]] = {
    "commit": (("reservation", "customer"),),
    "dispute": (("opened", "won", "lost"),),
    "escheat": (("credits", "class", "remitted", "returned"),),
    "estimate": (("rate", "remote"),),
    "expect": (),
}
EXCLUDED: dict[str, tuple[tuple[str, str], ...]] = {
    "refund": (("credits", "amount"), ("fee_kept", "amount")),
    "adjust": (),
}


def combined(kind: str, found: dict[str, Any]) -> list[str]:
    """Mistakes of fields that are each right by themselves."""
    mistakes = []
    for names in ONE_OF.get(kind, ()):
        # Zero is said, and false is not.
        if sum(1 for name in names if found[name] is not None and found[name] is not False) != 1:
            mistakes.append(f"needs one of {', '.join(names)}")
    for one, other in EXCLUDED.get(kind, ()):
        if found[one] is not None and found[other] is not None:
            mistakes.append(f"takes no {one} beside {other}")
    if kind == "commit" and found["customer"] and found["credits"] is None:
        mistakes.append("credits is missing")
    return mistakes
