"""A new installation's database server as migrations leave it: made once, and copied from then on.
That they make it of nothing is tried where the start is tested (tests/config)."""

import shutil
import subprocess
import sys
from pathlib import Path

from config import locks
from config.embedded.place import Place
from config.state import BASE_DIR, State
from tests import tables
from tests.config.service import environment
from tests.workers import WORKER


def copy_to(place: Place) -> None:
    """Where there is none yet."""
    draft = place.home / "data.copied"
    subprocess.run(["cp", "-a", _made(), draft], check=True)
    draft.rename(place.data)


def _made() -> Path:
    """Its data. All processes that run tests share it."""
    base = State.current().path.parent if WORKER else State.current().path
    clusters = base / "clusters"
    clusters.mkdir(parents=True, exist_ok=True)
    state = State(clusters / tables.name())
    with locks.open_lock(clusters / "lock") as lock:
        locks.take(lock)
        done = state.path / "done"
        if not done.exists():
            for old in clusters.glob(f"{tables.PREFIX}*"):
                shutil.rmtree(old)
            _make(state)
            done.touch()
    return Place.of(state).data


def _make(state: State) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=BASE_DIR, env=environment(state.path), check=True)
    with locks.open_lock(Place.of(state).server_lock) as ended:
        locks.take(ended)
