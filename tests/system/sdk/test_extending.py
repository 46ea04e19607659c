"""One thread for whatever is to be done later and again."""

import threading
from weakref import ref

import pytest

from drawdown.extending import Extender

LONG = 900.0


@pytest.fixture
def extender():
    made = Extender()
    yield made
    made.close()


class Work:
    def __call__(self):
        return None


def test_what_has_ended_is_kept_no_longer(extender):
    kept = []
    for _ in range(1000):
        work = Work()
        kept.append(ref(work))
        extender.end(extender.start(LONG, work))
    del work
    assert not any(each() for each in kept)
    assert len(extender._due) < 100


def test_one_that_fails_leaves_the_others(extender, caplog):
    done, again = threading.Event(), threading.Event()

    def fail():
        again.set()
        raise KeyError("id")

    failed = extender.start(0, fail)
    assert again.wait(10)
    extender.start(0, lambda: done.set())
    assert done.wait(10)
    extender.end(failed)
    assert "KeyError" in caplog.text


def test_it_is_done_again_until_it_ends(extender):
    enough = threading.Event()
    times = []

    def work():
        times.append(1)
        if len(times) == 3:
            enough.set()
        return 0.0

    number = extender.start(0, work)
    assert enough.wait(10)
    extender.end(number)
    assert work not in extender._extends.values()
