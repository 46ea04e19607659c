"""The file of what was spent while Drawdown was away: several posters, and forked processes."""

import os
import subprocess
import sys
from decimal import Decimal
from textwrap import dedent

import pytest

from drawdown import Journal
from tests.system.sdk.test_absences import journal, open_, policy
from tests.system.sdk.world import ENDPOINT

__all__ = ["journal", "open_", "policy"]


def run(program):
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", dedent(program)], env=env, check=True, timeout=60)


def test_of_two_posters_one_turns_a_commit_into_an_event(journal, tmp_path):
    other = Journal(tmp_path / "journal.sqlite")
    journal.write_commit(
        key="1", reservation="rsv_1", fields={}, customer="cus_1", endpoint=ENDPOINT, data={}
    )
    (late,), (same,) = journal.late_commits(), other.late_commits()
    journal.turn_into_event(late)
    (entry,) = journal.waiting()
    journal.settle([entry], [{"status": "accepted"}])
    other.turn_into_event(same)
    assert entry.id == "1" and other.waiting() == []
    other.close()


def test_a_late_commit_keeps_what_was_held(open_, road, world, journal):
    open_._closed.set()
    open_._poster.join()
    for said in ({}, {"quantity": {"tokens": 500}}):
        road.open()
        with open_.reserve(world.customer, "generate", quantity={"tokens": 2000}) as hold:
            hold.use(**said)
            road.close()
    told = [late.event["data"]["quantity"] for late in journal.late_commits()]
    assert told == [{"tokens": 2000}, {"tokens": 500}]


def test_what_work_says_while_drawdown_is_away_is_checked(open_, road, world, journal):
    road.close()
    for amount in (1.5, "nothing"):
        with (
            pytest.raises((TypeError, ValueError)),
            open_.reserve(world.customer, ENDPOINT) as hold,
        ):
            hold.use(amount=amount)
    for _ in range(3):  # that is the whole bound
        with open_.reserve(world.customer, ENDPOINT) as hold:
            hold.use(amount=Decimal("1E+1"))
    assert [entry.event["data"]["amount"] for entry in journal.waiting()] == ["10"] * 3


def test_forked_processes_have_connections_of_their_own(tmp_path):
    """What they write is there when their parent has closed the file, and whatever a thread of it
    was doing with the file when they were forked."""
    path = str(tmp_path / "journal.sqlite")
    run(f"""
        import os, threading
        from decimal import Decimal
        from drawdown import Journal
        journal = Journal({path!r})
        stops, closed = threading.Event(), os.pipe()
        def write():
            journal.write(customer="cus_1", endpoint="e", credits=Decimal(1), data={{}})
        def keep_writing():
            while not stops.is_set():
                write()
        thread = threading.Thread(target=keep_writing)
        thread.start()
        children = []
        for _ in range(5):
            child = os.fork()
            if not child:
                before = journal.owed("cus_1")
                os.close(closed[1])
                os.read(closed[0], 1)
                write()
                assert journal.owed("cus_1") > before
                os._exit(0)
            children.append(child)
        stops.set()
        thread.join()
        count = len(journal.waiting(10**6))
        journal.close()
        os.close(closed[1])
        for child in children:
            assert os.waitpid(child, 0)[1] == 0
        assert len(Journal({path!r}).waiting(10**6)) == count + 5
    """)


def test_a_forked_process_posts_by_itself(demo, world, tmp_path):
    path = str(tmp_path / "journal.sqlite")
    run(f"""
        import os, signal, time
        from decimal import Decimal
        from drawdown import Client, Journal, Open, Retry, forks
        class Broken:
            def begin_anew(self):
                raise ZeroDivisionError
        broken = [Broken() for _ in range(20)]
        for each in broken:
            forks.watch(each)
        journal = Journal({path!r})
        policy = Open(journal, {{}}, Decimal(1), 60)
        client = Client({demo["base_url"]!r}, {demo["service_key"]!r}, offline=policy)
        # As another thread has it that is about to begin a call.
        client._bound._lock.acquire()
        child = os.fork()
        if child:
            client._bound._lock.release()
            client.close()
            assert os.waitpid(child, 0)[1] == 0
        else:
            signal.alarm(30)
            journal.write(
                customer={world.customer!r}, endpoint={ENDPOINT!r}, credits=Decimal(1), data={{}}
            )
            while journal.waiting():
                time.sleep(0.05)
            with client.reserve(api_key={world.new_key()!r}, endpoint={ENDPOINT!r}):
                pass
            os._exit(0)
    """)
    assert len(world.calls()) == 2


def test_what_runs_in_a_parent_uses_none_of_the_bound_of_its_child(tmp_path):
    run(f"""
        import os
        from contextlib import suppress
        from decimal import Decimal
        from drawdown import Client, Journal, Open, Retry
        journal = Journal({str(tmp_path / "journal.sqlite")!r})
        policy = Open(journal, {{"e": Decimal(4)}}, Decimal(4), 60)
        client = Client("http://127.0.0.1:1", "x", retry=Retry(retries=0), offline=policy)
        with suppress(ZeroDivisionError), client.reserve("cus_1", "e"):
            child = os.fork()
            if not child:
                with client.reserve("cus_1", "e"):
                    pass
            raise ZeroDivisionError
        if not child:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert len(journal.waiting()) == 1
    """)


def test_what_is_in_memory_is_of_one_process():
    run("""
        import os
        from decimal import Decimal
        from drawdown import Journal
        journal = Journal(":memory:")
        journal.write(customer="cus_1", endpoint="e", credits=Decimal(1), data={})
        child = os.fork()
        if not child:
            os._exit(len(journal.waiting()))
        assert os.waitpid(child, 0)[1] == 0
        assert len(journal.waiting()) == 1
    """)
