"""Books that balance, and books that do not."""

from ledger.checks import Check, Suite

_SOURCES = "with nothing as (select {scope} as one)"
_HOLDS = Check("holds", "It holds", "It has to.", "select 1 as a, 2 as b from nothing where false")
_BROKEN = Check(
    "is-broken",
    "It does not hold",
    "It had to.",
    "select n as a, repeat('x', 3) as b from nothing, generate_series(1, 25) n",
)
BALANCED = Suite(_SOURCES, [_HOLDS])
BROKEN = Suite(_SOURCES, [_HOLDS, _BROKEN])
