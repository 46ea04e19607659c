"""Why a file is not taken: each reason with its row and column."""

from collections.abc import Sequence
from typing import Final, NamedTuple

# Whoever has so many wrong rows mends one, and tries again.
SHOWN_MAX: Final = 100


class Problem(NamedTuple):
    """`row` counts as a spreadsheet does: the header is the first. None: of the whole file."""

    row: int | None
    column: str
    text: str

    def __str__(self) -> str:
        places = [f"row {self.row}"] if self.row else []
        if self.column:
            places.append(self.column)
        return f"{', '.join(places)}: {self.text}" if places else self.text


class SheetRefused(Exception):
    """Nothing of the file was saved."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, problems)))


def refused(text: str, row: int | None = None, column: str = "") -> SheetRefused:
    return SheetRefused([Problem(row, column, text)])
