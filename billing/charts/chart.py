from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Value = int | Decimal
Series = tuple[str, Sequence[Value]]


@dataclass(frozen=True)
class Chart:
    """Values are of `unit`: a currency (minor units), credits (micro-credits), % (a Decimal part
    of one), or calls. Every series has a value for each name in `x`; `of` says what those are."""

    kind: Literal["bars", "stacked", "line"]
    title: str
    unit: str
    x: Sequence[str]
    series: Sequence[Series]
    of: str = ""
    is_open: bool = False

    @property
    def names(self) -> list[str]:
        """Of what it has values for, as they are told."""
        told = list(self.x)
        return [*told[:-1], f"{told[-1]}, so far"] if self.is_open and told else told
