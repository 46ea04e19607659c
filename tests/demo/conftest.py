import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="drawdown-demo-"))
    # The database's user may be another one, who has to pass through.
    folder.chmod(0o755)
    yield folder / "state"
    shutil.rmtree(folder)
