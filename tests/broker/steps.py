"""What is the same with every broker."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.broker.background import HEARTBEAT, Background
from tests.broker.database import Database
from tests.broker.servers import await_true

OWE_MAIL = """
insert into billing_mail (kind, about, "to", subject, text, html, state, attempts, error)
values ('test', gen_random_uuid()::text, '{a@example.com}', 'Test', 'Test', '', 'due', 0, '')
returning id
"""
IS_SENT = "select state = 'sent' from billing_mail where id = %s"
HOLD_BACK = "select from billing_job where name = 'canary' for update"
WAITS = (
    "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%%billing_job%%'"
)


def assert_mailed_at_once(database: Database, background: Background) -> None:
    """Nothing is swept without beat: whoever committed has woken the relay. Twice, for what beat
    sent last may still serve the first."""
    background.stop_beat()
    for _ in range(2):
        _assert_mailed(database, background)
    background.start_beat()


def _assert_mailed(database: Database, background: Background) -> None:
    with database.connect() as connection:
        rows = connection.execute(OWE_MAIL).fetchall()
        connection.execute("select ledger_announce(gen_random_uuid(), 'test', null, '{}')")
        connection.execute("notify ledger_outbox")
    await_true(lambda: database.rows(IS_SENT, rows[0]) == [(True,)])
    await_true(lambda: not background.owes())


@contextmanager
def canaries_held_back(database: Database) -> Iterator[None]:
    """They begin, and wait for a row that they are to write."""
    with database.connect() as connection:
        connection.execute(HOLD_BACK)
        yield


def assert_done_again(database: Database, background: Background, *, within: float) -> None:
    """Killed in the middle of a task, which the next worker does though nobody sends it again."""
    background.kill()
    before = database.rows(HEARTBEAT)
    background.start_worker()
    with canaries_held_back(database):
        # It sends a canary at its start.
        background.start_beat()
        await_true(lambda: database.rows(WAITS))
        background.kill()
    background.start_worker()
    await_true(lambda: database.rows(HEARTBEAT) != before, within)
