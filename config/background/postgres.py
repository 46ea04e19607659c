"""kombu's queues in PostgreSQL, with our own way to connect."""

import warnings
from typing import Any, cast

from kombu import Connection
from kombu.transport import pgmq
from pgmq import PGMQueue
from psycopg_pool import ConnectionPool

# kombu reads what list_queues() returns rightly, and silences this only for as long as it asks: of
# two threads that ask at once, the first to be done ends the silence of the other.
warnings.filterwarnings("ignore", r"list_queues\(\) now returns", UserWarning)

# The worker looks this often whether it is to end, or whether there is room for more tasks again.
WAIT_SECONDS = 0.5

# A crash of the server empties this table, and the trigger does nothing then.
_NOTIFIES = "select from pgmq.notify_insert_throttle where queue_name = %s"


class Channel(pgmq.Channel):
    def _maybe_enable_notify(self, queue: str, queue_name: str | None = None) -> None:
        """Those that start at the same moment would make the same trigger. Who only sends to the
        queue, and so names it, need not listen."""
        name = queue_name or self._queue_name(queue)
        with cast("ConnectionPool[Any]", self.pgmq.pool).connection() as connection:
            connection.execute("select pgmq.acquire_queue_lock(%s)", [name])
            if not connection.execute(_NOTIFIES, [name]).fetchall():
                self.pgmq.enable_notify(name, self.notify_throttle_interval_ms, conn=connection)
        if queue_name is None:
            cast(pgmq.Transport, self.connection)._register_notify_queue(name)


class Transport(pgmq.Transport):
    """pgmq's client keeps host, port, name, user and password of `conn_string` and nothing else: it
    would lose TLS, and the role that the service gives its rights up for."""

    Channel = Channel

    def _create_pgmq_client(self) -> PGMQueue:
        options = self._options()
        pool = ConnectionPool(
            options["conn_string"],
            min_size=1,
            max_size=options["pool_size"],
            timeout=options["pool_timeout"],
            open=True,
        )
        client = PGMQueue(
            conn_string=options["conn_string"],
            pool=pool,
            vt=options["visibility_timeout"],
            init_extension=False,
        )
        # It closes the pool with itself.
        client._own_pool = True
        return client

    def _get_notify_waiter(self) -> pgmq._NotifyWaiter:
        if self._notify_waiter is None:
            self._notify_waiter = pgmq._NotifyWaiter(self._options()["conn_string"])
        return self._notify_waiter

    def drain_events(self, connection: Any, timeout: float | None = None, **options: Any) -> None:
        wait = min(timeout or WAIT_SECONDS, WAIT_SECONDS)
        super().drain_events(connection, timeout=wait)  # type: ignore[no-untyped-call]

    def _options(self) -> dict[str, Any]:
        return cast("dict[str, Any]", cast(Connection, self.client).transport_options)
