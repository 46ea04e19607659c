"""Where tasks wait for the worker: `CELERY_BROKER_URL`, else in the same PostgreSQL (pgmq)."""

from typing import Any, NamedTuple

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import make_conninfo

from config.databases import Database

EMBEDDED = "pgmq://database"
REDIS = {"redis", "rediss"}
RABBITMQ = {"amqp", "amqps"}


class Broker(NamedTuple):
    """What kombu is given; without a `transport` the URL's scheme says which it is."""

    url: str
    transport: str | None
    options: dict[str, Any]


def broker(url: str, database: Database, *, invisible_seconds: int) -> Broker:
    """`invisible_seconds`: a message that was taken and neither done nor given back comes again
    after so long. RabbitMQ knows at once that a worker is gone. Raises ImproperlyConfigured."""
    scheme, _, _ = url.partition("://")
    if not url:
        options = {"conn_string": _conninfo(database), "visibility_timeout": invisible_seconds}
        return Broker(EMBEDDED, "config.background.postgres:Transport", POSTGRES | options)
    if scheme in REDIS:
        return Broker(url, None, REDIS_OPTIONS | {"visibility_timeout": invisible_seconds})
    if scheme in RABBITMQ:
        return Broker(url, None, {"confirm_publish": True})
    raise ImproperlyConfigured(
        f"CELERY_BROKER_URL begins with {scheme}:// and has to be redis://, rediss://, amqp:// or "
        "amqps://. Leave it out to have tasks wait in the database."
    )


POSTGRES = {
    # A poll that waits holds its connection; NOTIFY wakes it instead, whatever follows on what.
    "wait_time_seconds": 0,
    "polling_interval": 1,
    "use_notify": True,
    "notify_throttle_interval_ms": 0,
    # A migration installs it, as the role that may.
    "init_extension": False,
    "pool_size": 4,
    "pool_timeout": 5,
}


# It looks for what was given up every 5 seconds; by default every 100.
REDIS_OPTIONS = {"unacked_restore_interval": 5, "unacked_restore_throttle": 1}


def _conninfo(database: Database) -> str:
    fields = {"NAME": "dbname", "USER": "user", "PASSWORD": "password"}
    fields |= {"HOST": "host", "PORT": "port"}
    given = {keyword: database[name] for name, keyword in fields.items() if database.get(name)}
    return make_conninfo(**{"connect_timeout": 10} | given | database.get("OPTIONS", {}))
