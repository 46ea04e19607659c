"""The service does what its document says, and never what it does not say, whatever it is sent."""

from pathlib import Path

import pytest

from tests.api.fuzzing import fuzz
from tests.system.http import Api
from tests.system.installation import installed

CASES = 20_000


def test_fuzzed_for_a_moment(api: Api, tmp_path: Path) -> None:
    """With the same cases each time; others are for the long form."""
    options = ("--phases", "coverage,fuzzing", "--seed", "1", "--generation-deterministic")
    fuzzed = fuzz(api, tmp_path, examples=3, options=options)
    assert fuzzed.passed, fuzzed.said


@pytest.mark.soak
def test_fuzzed_for_long(folder: Path, tmp_path: Path) -> None:
    """A real installation, whose books tie afterwards."""
    with installed(folder / "fuzzed") as installation, installation.api() as api:
        fuzzed = fuzz(api, tmp_path, examples=1600)
    assert fuzzed.passed, fuzzed.said
    assert fuzzed.cases >= CASES
