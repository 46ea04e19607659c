import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.http import Api
from tests.system.installation import Installation, installed

for name in ("agreement", "books", "calls", "journal"):
    pytest.register_assert_rewrite(f"tests.system.{name}")


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder that another user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="drawdown-system-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def one(folder: Path) -> Iterator[Installation]:
    """With one web process."""
    with installed(folder / "one") as installation:
        yield installation


@pytest.fixture(scope="session")
def several(folder: Path) -> Iterator[Installation]:
    """With two web processes."""
    with installed(folder / "several", processes=2) as installation:
        yield installation


@pytest.fixture(scope="session")
def fragile(folder: Path) -> Iterator[Installation]:
    """One that tests crash, restart, and move on in time."""
    with installed(folder / "fragile") as installation:
        yield installation


@pytest.fixture
def api(one: Installation) -> Iterator[Api]:
    with one.api() as api:
        yield api


@pytest.fixture(params=["one", "several"])
def twenty(request: pytest.FixtureRequest) -> Iterator[list[Api]]:
    """Callers on connections of their own: all to one web process, or ten to each of two."""
    installation: Installation = request.getfixturevalue(request.param)
    with installation.callers(20) as callers:
        yield callers
