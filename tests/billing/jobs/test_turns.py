"""Of each task two run at once."""

from threading import Barrier, Thread

import pytest
from django.db import connections

from billing.jobs.turns import AT_ONCE, turn
from tests.accounts.conftest import committed

__all__ = ["committed"]


@pytest.mark.usefixtures("committed")
def test_of_each_task_two_run_at_once():
    inside, done = Barrier(AT_ONCE + 1), Barrier(AT_ONCE + 1)
    let_in: list[bool] = []

    def work() -> None:
        with turn("some") as has_room:
            let_in.append(has_room)
            inside.wait(10)
            done.wait(10)
        connections.close_all()

    threads = [Thread(target=work) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    inside.wait(10)
    with turn("some") as has_room, turn("other") as has_room_too:
        assert (has_room, has_room_too) == (False, True)
    done.wait(10)
    for thread in threads:
        thread.join(10)
    assert let_in == [True] * AT_ONCE
    with turn("some") as has_room:
        assert has_room


@pytest.mark.usefixtures("committed")
def test_who_fails_lets_go():
    for _ in range(AT_ONCE + 1):
        with pytest.raises(ValueError), turn("some") as has_room:
            assert has_room
            raise ValueError
