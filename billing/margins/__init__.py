"""Gross margin: what is left of what calls earn when partners have their share and the calls are
paid for.

`realised.py` goes over the call log; `expected.py` says what a price of a card would leave at list
price; `tables.py` puts them beside the targets.
"""

from billing.margins.expected import Expected, expected
from billing.margins.realised import Line, Margins, realised, realised_between
from billing.margins.tables import report
from billing.margins.targets import Target, targets, usual

__all__ = [
    "Expected",
    "Line",
    "Margins",
    "Target",
    "expected",
    "realised",
    "realised_between",
    "report",
    "targets",
    "usual",
]
