import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.background import Background, running
from tests.broker.database import Database
from tests.broker.servers import RabbitMQ, Redis


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder that another user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="drawdown-broker-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def database(folder: Path) -> Iterator[Database]:
    database = Database(folder)
    database.start()
    migrated = Background(database, "", folder / "migrate.log").manage("migrate").wait()
    assert migrated == 0
    yield database
    database.close()


@pytest.fixture(scope="module")
def embedded(database: Database, folder: Path) -> Iterator[Background]:
    with running(database, "", folder / "embedded.log") as background:
        yield background


@pytest.fixture(scope="module", params=[Redis, RabbitMQ])
def server(request: pytest.FixtureRequest, folder: Path) -> Iterator[Redis | RabbitMQ]:
    kind: type[Redis | RabbitMQ] = request.param
    if shutil.which(kind.program) is None:
        pytest.skip(f"{kind.program} is not installed")
    server = kind(folder)
    server.start_empty()
    yield server
    server.close()


@pytest.fixture(scope="module")
def beside(database: Database, server: Redis | RabbitMQ, folder: Path) -> Iterator[Background]:
    """A worker and a beat with a broker of their own."""
    log = folder / f"{type(server).__name__}.log"
    with running(database, server.url, log) as background:
        yield background
