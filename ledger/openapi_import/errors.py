"""Why a file is not imported: each reason with its place."""

from collections.abc import Sequence
from typing import NamedTuple

Path = tuple[str, ...]


class Problem(NamedTuple):
    line: int | None
    path: Path
    detail: str

    def __str__(self) -> str:
        places = [f"line {self.line}"] if self.line else []
        if self.path:
            places.append(" > ".join(self.path))
        return f"{', '.join(places)}: {self.detail}" if places else self.detail


class FileRefused(Exception):
    """Nothing of the file was saved."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, problems)))
