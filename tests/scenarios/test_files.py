"""Every file beside this one, played as the command plays it: all that it expects is so."""

from pathlib import Path

import pytest

from billing.books.scenarios import file, player

FILES = sorted(Path(__file__).parent.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_books_are_as_the_file_expects(server: None, path: Path) -> None:
    answer = player.play(file.load(path))
    assert [str(difference) for difference in answer.differences] == []
