"""What every report is made of. Whoever shows one formats it; here are whole numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from billing.charts import Chart

Kind = Literal["text", "money", "credits", "date", "percent", "number"]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """`kind` says what its values are: money in minor units of the table's currency, credits in
    micro-credits, a percentage as a Decimal part of one (0.18 is 18 %); any may be None."""

    name: str
    title: str
    kind: Kind


@dataclass(frozen=True)
class Table:
    """Rows and totals by the names of the columns. Rows can be gone through more than once. A table
    of credits, or of no amounts, has no currency."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    currency: str | None
    totals: Row | None = None
    note: str = ""
    chart: Chart | None = None


def total(columns: Sequence[Column], rows: Iterable[Row], label: str = "Total") -> Row:
    """The sums of what can be added up; the first column says that it is a total."""
    sums: dict[str, Any] = {
        column.name: sum(row[column.name] or 0 for row in rows)
        for column in columns
        if column.kind in ("money", "credits", "number")
    }
    return {columns[0].name: label} | sums
