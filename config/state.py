"""The state folder: what an installation without a database of its own keeps between two starts."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import locks

BASE_DIR = Path(__file__).resolve().parent.parent


class ServedAlready(Exception):
    """Another `make run` works in this state folder."""


class State:
    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @classmethod
    def current(cls) -> "State":
        return cls(Path(os.environ.get("STATE") or BASE_DIR / ".run"))

    def create(self) -> None:
        # As root the database server is another user, who has to pass through to its data.
        if not self.path.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o711 if os.getuid() == 0 else 0o700)

    def secret(self, name: str) -> str:
        """A random text, made when first asked for and the same ever after."""
        file = self.path / name
        if not file.exists():
            self.create()
            self._publish(file, secrets.token_hex(32))
        return file.read_text()

    def write(self, name: str, text: str) -> None:
        """Replaces a file at once, so that nobody reads half of it."""
        self.create()
        draft = self._draft(text)
        draft.replace(self.path / name)

    def _publish(self, file: Path, text: str) -> None:
        draft = self._draft(text)
        try:
            # Unlike a rename, a link never replaces what another process published first.
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    def _draft(self, text: str) -> Path:
        draft = self.path / f".draft-{secrets.token_hex(8)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        return draft


@contextmanager
def only_one(state: State) -> Iterator[None]:
    """Two of them would each write down their own address for everybody."""
    state.create()
    with locks.open_lock(state.path / "run.lock") as lock:
        if not locks.try_to_take(lock):
            raise ServedAlready(f"{state.path} is served already; give this one another STATE")
        yield
