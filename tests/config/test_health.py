from types import SimpleNamespace

import pytest
from django.db import connection, connections
from django.test import Client

from config import health

pytestmark = pytest.mark.django_db


def test_the_process_is_up(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


def test_ready(client: Client) -> None:
    response = client.get("/readyz")
    assert response.json() == {"status": "ok", "problems": []}
    assert response.status_code == 200


def test_refuses_when_an_answer_may_be_lost(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["problems"] == ["synchronous_commit is off"]


@pytest.mark.django_db(databases=["default", "owner"])
def test_refuses_when_the_service_may_change_history(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "connection", connections["owner"])
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["problems"][0].startswith("ledger_transfer may be changed by ")


def test_refuses_when_migrations_are_missing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimpleNamespace(disk_migrations=[*health._known_migrations(), ("ledger", "9999_next")])
    health._known_migrations.cache_clear()
    monkeypatch.setattr(health, "MigrationLoader", lambda _: disk)
    try:
        response = client.get("/readyz")
    finally:
        health._known_migrations.cache_clear()
    assert response.json()["problems"] == ["ledger.9999_next is not applied"]


def test_metrics(client: Client) -> None:
    response = client.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain")
    assert b"process_resident_memory_bytes" in response.content
