from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.test import Client
from pytest_django import DjangoDbBlocker

from config import health
from ledger.fastpath import metrics


def refusals(client: Client) -> list[str]:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["status"] == "refused"
    return response.json()["problems"]


def execute(alias: str, statement: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rights are given in one connection and looked at in another."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()


@pytest.fixture(autouse=True)
def _durable(request: pytest.FixtureRequest) -> None:
    """As every other database is: that of the tests may lose what was answered."""
    used = "committed" if "committed" in request.fixturenames else "db"
    if used == "committed" or request.node.get_closest_marker("django_db"):
        request.getfixturevalue(used)
        execute("default", "SET synchronous_commit = on")


@contextmanager
def granted(right: str, table: str) -> Iterator[None]:
    execute("owner", f"GRANT {right} ON {table} TO {settings.APPLICATION_ROLE}")
    try:
        yield
    finally:
        execute("owner", f"REVOKE {right} ON {table} FROM {settings.APPLICATION_ROLE}")


def test_that_the_process_is_up_is_told_without_the_database(client: Client) -> None:
    # No mark: this test may not touch it.
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready(client: Client) -> None:
    response = client.get("/readyz")
    assert response.json() == {"status": "ok", "problems": []}
    assert response.status_code == 200


@pytest.mark.django_db
def test_refuses_when_an_answer_may_be_lost(client: Client) -> None:
    execute("default", "SET LOCAL synchronous_commit = off")
    (problem,) = refusals(client)
    assert problem.startswith("synchronous_commit is off, so a crash may lose what was answered:")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
def test_refuses_when_a_crash_may_tear_the_data(client: Client, name: str) -> None:
    # The server cannot be told so for a test: a view in front of the real one tells it.
    execute(
        "default",
        f"""CREATE TEMPORARY VIEW pg_settings AS
        SELECT name, CASE name WHEN '{name}' THEN 'off' ELSE setting END AS setting
        FROM pg_catalog.pg_settings""",
    )
    (problem,) = refusals(client)
    assert problem.startswith(f"{name} is off")


@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE", "UPDATE (amount)"])
@pytest.mark.parametrize("table", ["ledger_transfer", "ledger_transfer_rest"])
def test_refuses_when_the_service_may_change_history(
    client: Client, committed: None, right: str, table: str
) -> None:
    with granted(right, table):
        (problem,) = refusals(client)
    role = settings.APPLICATION_ROLE
    assert problem == (
        f"{role} may change what is history. As the owner: "
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}."
    )
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db(databases=["default", "owner"])
def test_refuses_when_the_service_owns_the_tables(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute("owner", "SET synchronous_commit = on")
    monkeypatch.setattr(health, "connection", connections["owner"])
    _, owned = refusals(client)
    assert " owns ledger_account, " in owned
    assert owned.endswith("Let DATABASE_URL name a role that owns no table.")


@pytest.mark.django_db
def test_refuses_when_migrations_are_missing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimpleNamespace(disk_migrations=[*health._known_migrations(), ("ledger", "9999_next")])
    health._known_migrations.cache_clear()
    monkeypatch.setattr(health, "MigrationLoader", lambda _: disk)
    try:
        (problem,) = refusals(client)
    finally:
        health._known_migrations.cache_clear()
    assert problem == "Not applied: ledger.9999_next. Run manage.py migrate."


@pytest.mark.django_db
def test_refuses_when_the_database_does_not_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = connection.copy("default")
    elsewhere.settings_dict["HOST"] = "/nowhere"
    with pytest.raises(DatabaseError):
        elsewhere.ensure_connection()
    monkeypatch.setattr(health, "connection", elsewhere)
    (problem,) = refusals(client)
    assert problem.startswith("The database does not answer:")


@pytest.mark.django_db
def test_metrics(client: Client) -> None:
    response = client.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain")
    assert b"process_resident_memory_bytes" in response.content


@pytest.mark.django_db
def test_metrics_tell_what_the_fast_path_counts(client: Client) -> None:
    metrics.count_failed_call()
    counted = client.get("/metrics").content
    assert b"drawdown_failed_calls_total" in counted
    assert b"drawdown_core_seconds_bucket" in counted
