import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.service import Kept, Service


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that another user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="drawdown-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def state(folder: Path) -> Path:
    return folder / "state"


@pytest.fixture(scope="module")
def kept(state: Path) -> Iterator[Kept]:
    kept = Kept(state)
    yield kept
    kept.end()


@pytest.fixture
def service(kept: Kept) -> Service:
    return kept.running()
