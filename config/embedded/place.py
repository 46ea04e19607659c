"""Where the server's files are.

In the state folder when the server's user can get there, else under the system's own place for
such data; `STATE/postgres` is then a link to it.
"""

import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from config.embedded.user import ServerUser, server_user
from config.state import State

SYSTEM_PLACE = Path("/var/lib/drawdown")
SOCKETS = Path("/tmp")


@dataclass(frozen=True)
class Place:
    home: Path
    user: ServerUser

    @classmethod
    def of(cls, state: State) -> "Place":
        user = server_user()
        entry = state.path / "postgres"
        if not entry.exists():
            state.create()
            _make_home(entry, user)
        return cls(entry.resolve(), user)

    @property
    def name(self) -> str:
        return "drawdown-" + hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def users_lock(self) -> Path:
        return self.home / "users.lock"

    @property
    def server_lock(self) -> Path:
        return self.home / "server.lock"

    @property
    def ready_lock(self) -> Path:
        return self.home / "ready.lock"

    @property
    def sockets(self) -> Path:
        """Short whatever the state folder is called: a socket's path has 107 bytes at most."""
        return SOCKETS / self.name

    def make_sockets(self) -> None:
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        found = self.sockets.lstat()
        # Everybody may make folders in /tmp, so this one could be somebody else's.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.getuid(), self.user.uid}:
            raise PermissionError(f"{self.sockets} belongs to somebody else")
        self.user.own(self.sockets)
        # A folder that is used from now on is not taken for an old one.
        os.utime(self.sockets)


def _make_home(entry: Path, user: ServerUser) -> None:
    try:
        if user.can_enter(entry.parent):
            entry.mkdir()
            entry.chmod(0o755 if user.is_another else 0o700)
        else:
            entry.symlink_to(_make_system_home())
    except FileExistsError:
        # Another command's, started at the same moment.
        pass


def _make_system_home() -> Path:
    make_system_folder(SYSTEM_PLACE)
    return make_system_folder(SYSTEM_PLACE / secrets.token_hex(8))


def make_system_folder(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    return folder
