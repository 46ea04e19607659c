"""The embedded server, used directly: who starts it, what must not be believed, who may get in."""

import multiprocessing
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from config.embedded import ServerFailed, binaries, cluster, leftovers, place, serving
from config.embedded.place import Place
from config.embedded.user import server_user
from config.state import State

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root has to give the server away")


def query(state: State, statement: str, user: str = cluster.APPLICATION) -> object:
    with cluster.connect(Place.of(state), user, cluster.DATABASE) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def used(state: Path) -> State:
    return State(state)


def test_it_is_up_inside_the_block_only(used: State) -> None:
    with serving(used) as server:
        assert query(used, "SELECT 1") == 1
    assert not server.is_up()
    with pytest.raises(psycopg.OperationalError):
        query(used, "SELECT 1")


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_what_it_answered_is_on_disk(used: State, name: str) -> None:
    with serving(used):
        assert query(used, f"SHOW {name}") == "on"


def test_the_roles_are_plain(used: State) -> None:
    plain = "SELECT bool_or(rolsuper OR rolcreaterole OR rolbypassrls) FROM pg_roles"
    with serving(used):
        roles = f"{plain} WHERE rolname IN ('{cluster.OWNER}', '{cluster.APPLICATION}')"
        assert query(used, roles) is False


def hold(state: State, seconds: float, ready: "multiprocessing.synchronize.Barrier") -> None:
    ready.wait()
    with serving(state):
        query(state, "SELECT 1")
        time.sleep(seconds)
        query(state, "SELECT 1")


def test_commands_that_start_at_once_share_one_server(used: State) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(4)
    holders = [
        context.Process(target=hold, args=(used, seconds, barrier))
        for seconds in (0, 0.3, 0.6, 0.9)
    ]
    for holder in holders:
        holder.start()
    for holder in holders:
        holder.join()
    # Each of them worked to its end, also the one that the starter left behind.
    assert [holder.exitcode for holder in holders] == [0, 0, 0, 0]
    log = Place.of(used).log.read_text()
    assert log.count("ready to accept connections") - log.count("database system is shut down") == 0


def test_it_ends_when_its_only_user_is_killed(used: State) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    holder = context.Process(target=hold, args=(used, 60, barrier))
    holder.start()
    barrier.wait()
    with serving(used) as server:
        holder.kill()
        holder.join()
    assert not server.is_up()


@contextmanager
def stranger() -> Iterator[int]:
    """A process of the server's user that is no PostgreSQL."""
    user = server_user()
    process = subprocess.Popen(["sleep", "60"], cwd="/", **user.popen_arguments())
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def test_a_pid_file_of_another_process_is_not_believed(used: State) -> None:
    where = Place.of(used)
    with serving(used):
        left_behind = (where.data / "postmaster.pid").read_text()
        lock = next(where.sockets.glob(".s.PGSQL.*.lock")).name
    where.make_sockets()
    with stranger() as pid:
        lines = [str(pid), *left_behind.splitlines()[1:]]
        for file in (where.data / "postmaster.pid", where.sockets / lock):
            file.write_text("\n".join(lines) + "\n")
            where.user.own(file)
        with serving(used):
            assert query(used, "SELECT 1") == 1
        os.kill(pid, 0)


def test_a_server_that_lost_its_keeper_is_not_doubled(used: State) -> None:
    with serving(used) as server:
        pid = int((server.place.data / "postmaster.pid").read_text().split()[0])
        keeper = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[1])
        os.kill(keeper, signal.SIGKILL)
        while server.is_up():
            time.sleep(0.001)
        with serving(used):
            assert query(used, "SELECT 1") == 1


def test_socket_folders_of_killed_servers_go(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    # pytest's own folders have names too long for a socket.
    sockets = Path(tempfile.mkdtemp(prefix="drawdown-sockets-"))
    monkeypatch.setattr(place, "SOCKETS", sockets)
    monkeypatch.setattr(leftovers, "SOCKETS", sockets)

    def made(digit: str) -> Path:
        path = sockets / f"drawdown-{digit * 16}"
        path.mkdir()
        return path

    empty, dead, live, new = (made(digit) for digit in "1234")
    other = sockets / "drawdown-test-1"
    other.mkdir()
    (sockets / "drawdown-5555555555555555").symlink_to(other)
    with socket.socket(socket.AF_UNIX) as ended:
        ended.bind(str(dead / leftovers.SOCKET))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(live / leftovers.SOCKET))
        server.listen()
        for path in (empty, dead, live, other):
            os.utime(path, (0, 0))
        leftovers.clear_others(Place(folder, server_user()))
    assert {path.name for path in sockets.iterdir()} == {
        live.name,
        new.name,
        other.name,
        "drawdown-5555555555555555",
    }
    shutil.rmtree(sockets)


def test_a_start_that_fails_says_why(folder: Path) -> None:
    state = State(folder / "broken")
    Place.of(state).data.mkdir()
    with (
        pytest.raises(ServerFailed, match="could not access the server configuration"),
        serving(state),
    ):
        pass


def test_a_long_path_is_no_hindrance(folder: Path) -> None:
    state = State(folder / ("long" * 30) / "state")
    with serving(state):
        assert query(state, "SELECT 1") == 1


@as_root
def test_nobody_else_gets_in(used: State) -> None:
    url = f"host={Place.of(used).sockets} user=drawdown_app dbname=drawdown"
    libpq = str(binaries.binaries(server_user()) / "psql")
    with serving(used):
        for uid in (1, server_user().uid):
            attempt = subprocess.run(
                [libpq, url, "-c", "SELECT 1"], cwd="/", user=uid, capture_output=True
            )
            assert attempt.returncode == 2


@as_root
def test_behind_a_closed_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    with TemporaryDirectory() as closed:
        monkeypatch.setattr(place, "SYSTEM_PLACE", folder / "system")
        state = State(Path(closed) / "state")
        with serving(state) as server:
            assert query(state, "SELECT 1") == 1
            assert server.place.home.parent == folder / "system"
        assert stat.S_IMODE(Path(closed).stat().st_mode) == 0o700


@as_root
def test_programs_behind_a_closed_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    wheel = binaries.binaries(server_user()).parent.parent
    monkeypatch.setattr(binaries, "SYSTEM_PLACE", folder / "programs")
    with TemporaryDirectory() as closed:
        hidden = Path(closed) / wheel.name
        for name in (wheel.name, f"{wheel.name}.libs"):
            shutil.copytree(wheel.with_name(name), Path(closed) / name, symlinks=True)
        monkeypatch.setattr(binaries, "_package", lambda: hidden)
        programs = binaries.binaries(server_user())
        assert programs.is_relative_to(folder / "programs")
        assert stat.S_IMODE(Path(closed).stat().st_mode) == 0o700
    arguments = server_user().popen_arguments()
    subprocess.run([programs / "psql", "--version"], cwd="/", check=True, **arguments)
