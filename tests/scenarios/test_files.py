"""Every file beside this one, played as the command plays it: all that it expects is so, and every
invariant of the ledger and of billing holds in what it leaves."""

from pathlib import Path

import pytest

from billing.books.scenarios import file, player
from ledger import checks

FILES = sorted(Path(__file__).parent.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_books_are_as_the_file_expects(server: None, path: Path) -> None:
    broken = []

    def verify() -> None:
        broken.extend(finding for finding in checks.verify() if finding.broken)

    answer = player.play(file.load(path), then=verify)
    assert [str(difference) for difference in answer.differences] == []
    assert broken == []
