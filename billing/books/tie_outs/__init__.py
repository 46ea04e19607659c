"""What must tie before a month is closed, each with the rows that break it. They are queries of the
month's first day, `start`, and its last, `end`."""

from collections.abc import Iterator
from datetime import date

from billing.books.rows import named_rows
from billing.books.tie_outs import cohorts, partners, reports
from ledger.checks import KEPT_ROWS, Finding

TIE_OUTS = [*cohorts.TIE_OUTS, *reports.TIE_OUTS, *partners.TIE_OUTS]


def run(start: date, end: date) -> Iterator[Finding]:
    """From the first day to the last, on which the engine ran."""
    parameters = {"start": start, "end": end, "rows": KEPT_ROWS}
    for tie_out in TIE_OUTS:
        found = named_rows(
            f"select count(*) over () as broken, x.* from ({tie_out.sql}) x limit %(rows)s",
            parameters,
        )
        broken = found[0]["broken"] if found else 0
        rows = [{name: row[name] for name in row if name != "broken"} for row in found]
        yield Finding(tie_out, broken, rows)
