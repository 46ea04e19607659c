"""Tasks wait in a Redis or a RabbitMQ, which crashes and forgets all of them."""

import time

import pytest

from tests.broker.background import TASK_SECONDS, Background
from tests.broker.database import Database
from tests.broker.servers import RabbitMQ, Redis, await_true
from tests.broker.steps import assert_done_again, assert_mailed_at_once

SOON_SECONDS = 20
# kombu tries again after pauses of up to 30 seconds.
RETURN_SECONDS = 60


def test_a_mail_is_sent_as_soon_as_it_is_owed(database: Database, beside: Background) -> None:
    assert_mailed_at_once(database, beside)


def test_what_was_owed_while_it_was_away_is_handed_on_when_it_is_back_empty(
    server: Redis | RabbitMQ, beside: Background
) -> None:
    server.kill()
    for _ in range(3):
        beside.tell(10)
    assert beside.owes() == 30
    server.start_empty()
    await_true(lambda: not beside.owes(), SOON_SECONDS)
    assert beside.same_processes()


@pytest.mark.soak
def test_it_is_away_for_two_minutes(server: Redis | RabbitMQ, beside: Background) -> None:
    server.kill()
    for _ in range(120):
        beside.tell(10)
        time.sleep(1)
    assert beside.owes() == 1200
    server.start_empty()
    await_true(lambda: not beside.owes(), RETURN_SECONDS)
    assert beside.same_processes()


def test_what_a_killed_worker_had_begun_is_done_again(
    database: Database, beside: Background
) -> None:
    assert_done_again(database, beside, within=8 * TASK_SECONDS)
