"""Tasks wait in the same PostgreSQL."""

import os
import re

import pytest

from tests.broker.background import TASK_SECONDS, Background
from tests.broker.database import Database
from tests.broker.servers import await_true
from tests.broker.steps import assert_done_again, assert_mailed_at_once, canaries_held_back

SOON_SECONDS = 20


def test_a_mail_is_sent_as_soon_as_it_is_owed(database: Database, embedded: Background) -> None:
    assert_mailed_at_once(database, embedded)


def test_what_was_lost_on_the_way_is_swept(database: Database, embedded: Background) -> None:
    with database.connect() as connection:
        connection.execute("delete from pgmq.q_drawdown")
    embedded.tell(announced=False)
    await_true(lambda: not embedded.owes(), SOON_SECONDS)


@pytest.mark.parametrize("announced", [True, False])
def test_all_goes_on_when_postgresql_is_restarted(
    database: Database, embedded: Background, announced: bool
) -> None:
    database.stop()
    database.start()
    embedded.tell(3, announced=announced)
    await_true(lambda: not embedded.owes(), SOON_SECONDS)
    assert embedded.same_processes()


def test_what_a_killed_worker_had_begun_is_done_again(
    database: Database, embedded: Background
) -> None:
    assert_done_again(database, embedded, within=4 * TASK_SECONDS)


def test_a_worker_to_which_nothing_comes_ends(embedded: Background) -> None:
    embedded.kill()
    assert (
        embedded.manage("worker", WORKER_DEAF_SECONDS="2").wait(SOON_SECONDS) == os.EX_UNAVAILABLE
    )
    assert "No task came for 2 seconds: is beat running?" in embedded.said()


def test_a_worker_whose_task_hangs_ends(database: Database, embedded: Background) -> None:
    embedded.kill()
    with canaries_held_back(database):
        worker = embedded.manage("worker", TASK_SECONDS="2")
        embedded.start_beat()
        assert worker.wait(SOON_SECONDS) == os.EX_UNAVAILABLE
    # On a machine with other work another task may be the first.
    assert re.search(r"The task [\w.]+ has not ended in 2 seconds", embedded.said())
