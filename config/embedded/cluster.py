"""One PostgreSQL cluster: made when it is missing, started, given its roles and its database."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import psycopg

from config.embedded.binaries import binaries
from config.embedded.place import Place
from config.embedded.user import our_name
from config.processes import dying_with_parent

SUPERUSER = "postgres"
OWNER = "drawdown_owner"
APPLICATION = "drawdown_app"
DATABASE = "drawdown"

# Of the machine's memory, which this server shares with everything else; on one that is its own,
# PostgreSQL recommends a quarter (Resource Consumption, shared_buffers). It is taken when used.
BUFFERS_SHARE = 8
BUFFERS_MAX_MB = 1024

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A killed backend ends the server, and with it everything that uses it.
    "restart_after_crash": "off",
}
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}

Connection = psycopg.Connection[tuple[object, ...]]


class EndedEarly(Exception):
    pass


def ensure_cluster(place: Place, output: IO[bytes]) -> None:
    _write_access_rules(place)
    if place.data.exists():
        return
    draft = place.home / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    place.user.own(draft)
    program = str(binaries(place.user) / "initdb")
    options = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
    options += ["--builtin-locale=C.UTF-8", "--auth=peer", "--no-instructions"]
    subprocess.run(
        [program, "--pgdata", str(draft), "--username", SUPERUSER, *options],
        check=True,
        cwd="/",
        env=ENVIRONMENT,
        stdout=output,
        stderr=output,
        **place.user.popen_arguments(),
    )
    draft.rename(place.data)


def _write_access_rules(place: Place) -> None:
    """Nobody but the user who runs this command gets in; the kernel tells who is calling."""
    (place.home / "pg_hba.conf").write_text("local all all peer map=drawdown\n")
    (place.home / "pg_ident.conf").write_text(f"drawdown {our_name()} all\n")


def start(place: Place, output: IO[bytes]) -> subprocess.Popen[bytes]:
    settings = SETTINGS | {
        "shared_buffers": f"{_buffers_mb()}MB",
        "cluster_name": place.name,
        "unix_socket_directories": str(place.sockets),
        "hba_file": str(place.home / "pg_hba.conf"),
        "ident_file": str(place.home / "pg_ident.conf"),
    }
    command = [str(binaries(place.user) / "postgres"), "-D", str(place.data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return subprocess.Popen(
        command,
        cwd="/",
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        preexec_fn=dying_with_parent(signal.SIGQUIT),
        **place.user.popen_arguments(),
    )


def _buffers_mb() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    # A container's (Linux, Control Group v2); "max" where it has no limit of its own.
    with suppress(OSError, ValueError):
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return min(memory // BUFFERS_SHARE // 2**20, BUFFERS_MAX_MB)


def connect(place: Place, user: str, database: str) -> Connection:
    return psycopg.connect(
        host=str(place.sockets), user=user, dbname=database, connect_timeout=10, autocommit=True
    )


def prepare(place: Place, process: subprocess.Popen[bytes]) -> None:
    """Makes the two roles and the database, or those that a killed start left out."""
    with _first_connection(place, process) as connection:
        for statement in _missing(connection):
            connection.execute(statement)


def _first_connection(place: Place, process: subprocess.Popen[bytes]) -> Connection:
    while True:
        try:
            return connect(place, SUPERUSER, "postgres")
        except psycopg.OperationalError:
            if process.poll() is not None:
                raise EndedEarly("PostgreSQL ended before it answered") from None
            time.sleep(0.02)


def _missing(connection: Connection) -> Iterator[str]:
    roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    databases = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
    if OWNER not in roles:
        yield f"CREATE ROLE {OWNER} LOGIN CREATEDB"
    if APPLICATION not in roles:
        yield f"CREATE ROLE {APPLICATION} LOGIN"
    if DATABASE not in databases:
        yield f"CREATE DATABASE {DATABASE} OWNER {OWNER}"
