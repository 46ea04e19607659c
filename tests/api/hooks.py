"""Loaded by Schemathesis, with a check of our own.

Most ids that it makes up become those of things that are there, and most
requests say each thing in one way only, so that its cases reach what is behind the first checks.

Only what the schema allows is exchanged: what was made to be refused stays so.
"""

import json
import os
import re
from collections.abc import Mapping
from typing import Any

import schemathesis
from hypothesis import strategies as st

SEEDS = "CONTRACT_SEEDS"
_KNOWN: dict[str, list[str]] = json.loads(os.environ.get(SEEDS, "{}"))
_ID = re.compile(r"(cus|rsv|key|lse)_[0-9a-f]+")
# One case in so many is left as it was made up.
_MADE_UP = 5
_CHOICE = st.integers(0, 10_000)
# Where the first is given, the others would say it again.
_AGAIN = (("customer", ("api_key",)), ("endpoint", ("method", "path")), ("amount", ("quantity",)))

# What a valid request may still be answered 400 for: rules that no JSON Schema says, by the field
# or the problem that the answer names.
_RULES = frozenset(
    {
        "cursor",  # made up
        "from",
        "to",  # before `from`, or too long after it
        "customer",  # who pays is said once
        "api_key",
        "endpoint",  # what is called is said once, and method and path go together
        "path",
        "calls[].endpoint",
        "calls[].path",
        "calls[].quantity",
        "quantity",  # and not an amount as well
        "minimum",  # more than the amount
        "usage[].quantity",  # what the price does not ask for
        "status_code",  # and not an outcome as well
        "name",  # empty or of spaces, or with a null character
        "reason",
        "email",
        "external_id",
        "metadata",
        "malformed-amount",  # a reversal or a grant of nothing
        "malformed-money",
        "price-missing",  # what a kind of credits needs, or cannot have
        "price-not-allowed",
        "expires_at",  # past
        "expiry-in-past",
        "address",  # no IP address
        # What a kind of limit takes, and what it does not.
        *(f"limits[].{field}" for field in ("scope", "kind", "period", "subject", "hard", "soft")),
        *(f"limits[].{field}" for field in ("count", "calls", "seconds", "burst")),
        "limits",  # the same one twice
        "networks",  # no CIDR
        "endpoints",  # of another rate card
        "endpoints.N",  # blank
        "time_zone",  # of no place
    }
)

Fields = dict[str, Any]


@schemathesis.check
def a_valid_request_is_refused_by_a_known_rule(ctx: Any, response: Any, case: Any) -> None:
    if response.status_code == 400 and case.meta and case.meta.generation.mode.is_positive:
        problem = response.json()
        named = {_unnumbered(error["field"]) for error in problem.get("errors", [])}
        broken = named or {problem["type"].rsplit("/", 1)[1]}
        assert broken <= _RULES, f"refused for {sorted(broken - _RULES)}: {problem}"


def _unnumbered(field: str) -> str:
    return re.sub(r"\.\d+\b", ".N", re.sub(r"\[\d+\]", "[]", field))


@schemathesis.hook
def flatmap_path_parameters(context: Any, path_parameters: Any) -> st.SearchStrategy[Any]:
    return _CHOICE.map(lambda choice: _known(path_parameters, choice))


@schemathesis.hook
def flatmap_query(context: Any, query: Any) -> st.SearchStrategy[Any]:
    return _CHOICE.map(lambda choice: _without_cursor(_known(query, choice), choice))


@schemathesis.hook
def flatmap_body(context: Any, body: Any) -> st.SearchStrategy[Any]:
    return _CHOICE.map(lambda choice: _of_one_mind(_known(body, choice), choice))


def _known(fields: Any, choice: int) -> Any:
    if not isinstance(fields, Mapping):
        return fields
    fields = {name: _integer(value) for name, value in fields.items()}
    if choice % _MADE_UP == 0:
        return fields
    return {name: _there(name, value, choice) for name, value in fields.items()}


def _there(name: str, value: Any, choice: int) -> Any:
    """One that is there, instead of what could be."""
    if isinstance(value, list):
        return [_of_one_mind(_known(part, choice + 1), choice) for part in value]
    match = _ID.fullmatch(value) if isinstance(value, str) else None
    kind = match[1] if match else name if isinstance(value, str) else ""
    known = _KNOWN.get(kind)
    return known[choice % len(known)] if known else value


def _integer(value: Any) -> Any:
    """JSON Schema takes 4.0 for an integer. This API refuses floats where credits are counted."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_cursor(query: Any, choice: int) -> Any:
    return _without(query, "cursor") if query and choice % _MADE_UP else query


def _of_one_mind(body: Any, choice: int) -> Any:
    if isinstance(body, dict) and choice % _MADE_UP:
        for said, again in _AGAIN:
            if body.get(said) is not None and all(_is_allowed(body.get(name)) for name in again):
                body = _without(body, *again)
    return body


def _without(fields: Fields, *names: str) -> Fields:
    return {name: value for name, value in fields.items() if name not in names}


def _is_allowed(value: Any) -> bool:
    return value is None or isinstance(value, str)
