"""`make run`: starts for real, ends with everything that it started, and goes on where it was."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from config.embedded.user import ServerUser
from config.state import BASE_DIR
from tests.config.service import Kept, Service, environment, running
from tests.demo.company import rows

USER = 1
NAMELESS = 51_234
SOON_SECONDS = 20
UNDECIDED = """
insert into billing_providerevent
    (provider, event_id, kind, object_ref, payment_ref, payload, state, reason)
values ('test', 'tev_1', 'a kind', '', '', '{"type": "a kind", "data": {}}', 'received', '')
returning id
"""
STATE = "select state from billing_providerevent where event_id = 'tev_1'"
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")


def test_answers_and_says_where(service: Service, state: Path) -> None:
    assert service.get("/healthz") == 200
    assert service.get("/readyz") == 200
    demo = service.demo()
    assert demo["base_url"] == f"http://127.0.0.1:{service.port}"
    assert demo["service_key"] in service.said()
    assert f"{demo['base_url']}/v1/reservations" in service.said()
    assert f"{demo['base_url']}/docs/" in service.said()
    for person in (demo["admin"], *demo["staff"]):
        assert f"{person['email']}  {person['password']}" in service.said()
    assert [one["email"].partition("@")[0] for one in demo["staff"]] == [
        *("support", "finance", "operations", "auditor")
    ]
    # Requests were answered by now, and none has a line.
    assert '"event":"request"' not in service.said()
    assert len(demo["customers"]) == 10
    assert (state / "demo.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(service: Service, number: signal.Signals) -> None:
    assert service.end_by(number) == 0


@pytest.mark.parametrize(
    "victim",
    [
        "manage.py",
        "config.embedded.keeper",
        "bin/postgres",
        "checkpointer",
        "config.web",
        "config.demo.northwind",
    ],
)
def test_a_killed_process_takes_everything_with_it(
    service: Service, kept: Kept, victim: str
) -> None:
    before = service.demo()
    tree = service.tree()
    service.find(victim).kill()
    service.assert_gone(tree)
    assert service.process.returncode != 0
    again = kept.running()
    assert again.get("/readyz") == 200
    assert again.demo()["customers"] == before["customers"]


@pytest.mark.parametrize("victim", ["worker", "beat"])
def test_a_killed_worker_or_beat_is_started_again(service: Service, victim: str) -> None:
    (killed,) = commands(service, victim)
    killed.kill()
    deadline = time.monotonic() + SOON_SECONDS
    while f"{victim} ended (SIGKILL), and is started again" not in service.said():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    while commands(service, victim) in ([], [killed]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert service.get("/readyz") == 200


def test_what_was_left_undecided_is_decided_by_the_next_start(
    service: Service, kept: Kept, state: Path
) -> None:
    """As kill -9 leaves it between the report's arrival and the decision."""
    rows(state, UNDECIDED)
    service.end_by(signal.SIGTERM)
    kept.running()
    deadline = time.monotonic() + SOON_SECONDS
    while rows(state, STATE)[0]["state"] == "received":
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_without_providers_the_books_are_checked_all_the_same(state: Path, kept: Kept) -> None:
    kept.end()
    command = [sys.executable, "manage.py", "run", "--port", "{port}"]
    with running(state, "env", "PAYMENT_PROVIDERS=", *command):
        deadline = time.monotonic() + SOON_SECONDS
        while not rows(state, "select broken from billing_bookscheck"):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_ends_with_make(state: Path, kept: Kept) -> None:
    kept.end()
    command = ["make", "--silent", "run", "PORT={port}", f"STATE={state}"]
    with running(state, *command) as service:
        assert service.get("/healthz") == 200
        tree = service.tree()
        service.process.kill()
        service.assert_gone(tree)


def test_says_that_the_port_is_taken(folder: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        outcome = subprocess.run(
            [sys.executable, "manage.py", "run", "--port", str(port)],
            cwd=BASE_DIR,
            env=environment(folder / "unmade"),
            capture_output=True,
            text=True,
        )
    assert outcome.returncode == 1
    assert f"Port {port} is in use" in outcome.stderr
    assert not (folder / "unmade").exists()


@as_root
def test_says_that_a_nameless_user_cannot_run_it(folder: Path) -> None:
    home = folder / "nameless"
    home.mkdir()
    os.chown(home, NAMELESS, NAMELESS)
    command = [part.format(port=0) for part in become(NAMELESS)]
    outcome = subprocess.run(
        command, cwd=BASE_DIR, env=environment(home / "state"), capture_output=True, text=True
    )
    assert outcome.returncode == 1
    assert f"PostgreSQL does not work for user {NAMELESS}" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_state_is_served_once(service: Service, state: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "manage.py", "run", "--port", "0"],
        cwd=BASE_DIR,
        env=environment(state),
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 1
    assert f"{state} is served already" in outcome.stderr
    assert service.get("/readyz") == 200


def test_two_states_side_by_side(service: Service, folder: Path) -> None:
    one = service
    with running(folder / "other") as other:
        assert one.get("/readyz") == other.get("/readyz") == 200
        assert one.demo()["service_key"] != other.demo()["service_key"]
        one.end_by(signal.SIGTERM)
        assert other.get("/readyz") == 200


@as_root
@pytest.mark.skipif(
    not ServerUser(USER, USER).can_enter(BASE_DIR), reason="the checkout is in a closed folder"
)
def test_runs_as_an_ordinary_user(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, USER, USER)
    with running(home / "state", *become(USER)) as service:
        assert service.get("/readyz") == 200
        assert {uids.real for _, uids in service.each("uids")} == {USER}
        assert service.end_by(signal.SIGTERM) == 0


def commands(service: Service, name: str) -> list[psutil.Process]:
    return [p for p, words in service.each("cmdline") if words[-2:] == ["manage.py", name]]


def become(user: int) -> list[str]:
    """Who may only read more than others: our interpreter can lie below root's closed home."""
    become = [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    may_read = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    command = [sys.executable, "manage.py", "run", "--port", "{port}"]
    return ["setpriv", *become, *may_read, *command]
