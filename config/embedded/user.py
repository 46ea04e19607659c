"""Whom the server runs as: ourselves, or, as root, somebody else, for PostgreSQL refuses root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Nameless(Exception):
    """The machine knows no name for us."""


@dataclass(frozen=True)
class ServerUser:
    uid: int
    gid: int

    @property
    def is_another(self) -> bool:
        return self.uid != os.getuid()

    def popen_arguments(self) -> dict[str, Any]:
        if not self.is_another:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if self.is_another:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Tried rather than derived: permissions, access lists and mounts all have a say."""
        if not self.is_another:
            return True
        trial = ["/bin/sh", "-c", 'cd -- "$0"', str(folder)]
        quiet = subprocess.DEVNULL
        outcome = subprocess.run(trial, cwd="/", stderr=quiet, **self.popen_arguments())
        return outcome.returncode == 0


def server_user() -> ServerUser:
    if os.getuid() != 0:
        return ServerUser(os.getuid(), os.getgid())
    nobody = pwd.getpwnam("nobody")
    return ServerUser(nobody.pw_uid, nobody.pw_gid)


def our_name() -> str:
    """Raises Nameless."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise Nameless(
            f"PostgreSQL does not work for user {os.getuid()}, whom /etc/passwd does not name: "
            "run this as a user that has a name, or give DATABASE_URL"
        ) from None
