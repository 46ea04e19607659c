"""The core's SQL. Files of `schema` are frozen once released: later changes are migrations of their
own. Files of `functions` may be edited; a migration that changes one applies all of them again.
"""

from collections.abc import Sequence
from pathlib import Path

from django.db.migrations import RunSQL

HERE = Path(__file__).parent
SCHEMA = ("clock", "chart", "wallet", "history", "types")
FUNCTIONS = (
    *(
        "clock",
        "partitions",
        "results",
        "books",
        "value",
        "journal",
        "outbox",
        "thresholds",
        "lots",
        "due",
        "reserve",
    ),
    *("settle", "extend", "reverse", "grant", "adjust", "reinstate", "terms", "recognise", "move"),
    *("replay", "list", "alone", "apply", "prices"),
)
SINCE_LIMITS = ("limits", "write")
SINCE_USAGE_SUMS = (*SINCE_LIMITS, "usage")
SINCE_MARKS = (*SINCE_USAGE_SUMS, "statement")
SINCE_SEALS = (*SINCE_MARKS, "seals")
SINCE_SUMS = (*SINCE_SEALS, "sums")
SINCE_ERASING = (*SINCE_SUMS, "erase")
SINCE_LEASES = (*SINCE_ERASING, "lease")
RIGHTS = "rights"

# What the functions that act with the owner's rights keep as their search path. Temporary tables
# come last: they would come first where they are not named, and anybody may make one.
SEARCH_PATH = "select set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"
# Some read tables that a later migration brings.
UNCHECKED = "set local check_function_bodies = off"


def schema() -> list[RunSQL]:
    return [_file(f"schema/{name}") for name in SCHEMA]


def functions(*, since: Sequence[str] = ()) -> list[RunSQL]:
    """All of them; those in `since` take types that a later migration brings."""
    return [
        RunSQL(SEARCH_PATH),
        RunSQL(UNCHECKED),
        *(_file(f"functions/{name}") for name in (*FUNCTIONS, *since, RIGHTS)),
    ]


def later(name: str) -> RunSQL:
    """Schema that came later."""
    return _file(f"schema/{name}")


def before_books() -> RunSQL:
    """Data, once the functions of the books are there."""
    return _file("schema/before_books")


def _file(name: str) -> RunSQL:
    return RunSQL((HERE / f"{name}.sql").read_text())
