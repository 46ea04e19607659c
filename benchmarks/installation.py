"""An empty PostgreSQL of the benchmark's own, on the disk of this folder, gone afterwards."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded import serving
from config.embedded.place import Place
from config.state import State

FOLDER = Path(__file__).parent
OF_ANOTHER_DATABASE = ("DATABASE_URL", "OWNER_DATABASE_URL")


@contextmanager
def installation() -> Iterator[Place]:
    # Not in /tmp, which may be in memory, where a durable write costs nothing.
    state = State(FOLDER / f"state-{os.getpid()}")
    for name in OF_ANOTHER_DATABASE:
        os.environ.pop(name, None)
    os.environ["STATE"] = str(state.path)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    try:
        with serving(state) as server:
            yield server.place
    finally:
        _remove(state)


def _remove(state: State) -> None:
    place = Place.of(state)
    for folder in (place.sockets, place.home, state.path):
        shutil.rmtree(folder, ignore_errors=True)
