"""What is sent to the worker, when, and through what."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from config.background.broker import broker
from config.celery import EVERY, app
from config.databases import ENGINE

LOCAL = {"ENGINE": ENGINE, "NAME": "drawdown", "USER": "drawdown_app", "HOST": "/run/postgres"}


def test_every_task_that_is_sent_is_known_and_every_known_one_is_sent() -> None:
    app.loader.import_default_modules()
    # Tests have tasks too.
    own = {name for name in app.tasks if not name.startswith(("celery.", "test-"))}
    assert own == set(EVERY)


def test_nothing_is_sent_again_and_again_to_pile_up() -> None:
    for name, interval in EVERY.items():
        expires = app.conf.beat_schedule[name]["options"]["expires"]
        assert expires == max(interval, timedelta(minutes=1)).total_seconds()


def test_without_a_url_tasks_wait_in_the_database_of_the_service() -> None:
    chosen = broker("", LOCAL, invisible_seconds=60)
    assert chosen.url.startswith("pgmq://")
    assert chosen.options["visibility_timeout"] == 60
    given = conninfo_to_dict(chosen.options["conn_string"])
    assert (given["host"], given["user"], given["dbname"]) == (
        "/run/postgres",
        "drawdown_app",
        "drawdown",
    )


def test_a_password_a_role_and_tls_reach_the_database_as_they_are() -> None:
    options = {"options": "-c role=drawdown_app", "sslmode": "verify-full"}
    database = LOCAL | {"PASSWORD": "two words 'quoted'", "OPTIONS": options}
    given = conninfo_to_dict(broker("", database, invisible_seconds=60).options["conn_string"])
    assert given["password"] == "two words 'quoted'"
    assert {name: given[name] for name in options} == options


@pytest.mark.parametrize("scheme", ["redis", "rediss", "amqp", "amqps"])
def test_a_broker_of_ones_own(scheme: str) -> None:
    chosen = broker(f"{scheme}://queue.example.com/", LOCAL, invisible_seconds=60)
    assert (chosen.url, chosen.transport) == (f"{scheme}://queue.example.com/", None)


def test_another_kind_of_broker_is_refused_with_what_to_do() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"begins with sqs:// and has to be redis://"):
        broker("sqs://", LOCAL, invisible_seconds=60)
