"""What may go wrong around leases: forks, keys that end, answers of others, work that goes on."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent
from time import monotonic

import httpx

from drawdown import Client, Journal, Leases, Retry, Size, uuid7
from drawdown.block import Block
from drawdown.counts import InFile, InMemory
from drawdown.errors import AccessDenied
from drawdown.lease_clock import clock
from drawdown.leasing import journal_lines, recover
from drawdown.wire import Answer
from tests.system.sdk.conftest import PATIENT
from tests.system.sdk.test_counts import nothing_written
from tests.system.sdk.test_leases import SLOWLY, Gate, cost, counted
from tests.system.sdk.world import ENDPOINT, World, soon

__all__ = ["cost"]


def block_of(counts):
    made = Block("lse_1", "cus_1", 100, clock() + 60, counts)
    made.learn(ENDPOINT, 1)
    return made


def test_work_that_ends_while_a_block_is_given_up_is_told_next():
    block = block_of(InMemory())
    block.spend(ENDPOINT)
    cost = block.begin(ENDPOINT)
    first = block.give_up()
    block.end(ENDPOINT, cost, done=True)
    block.given_up()
    assert not block.is_done()
    second = block.give_up()
    block.given_up()
    assert block.is_done()
    assert [(one.calls, one.upto) for one in first + second] == [(1, 1), (1, 2)]


def test_many_threads_note_while_the_file_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setattr("drawdown.counts.NOTES_MAX", 3000)
    file = InFile(tmp_path / "one")

    def note(number):
        for each in range(200):
            file.note({"lease": f"{number}-{each}", "is_over": each > 5})
        return number

    with ThreadPoolExecutor(8) as threads:
        assert len(list(threads.map(note, range(8)))) == 8
    file.close()
    again = InFile(tmp_path / "one")
    assert len(again.leases()) == 8 * 6
    again.close()


def over(flow):
    """Whatever it sends, the lease is over."""
    body = b'{"type": "/problems/lease-ended", "status": 409}'
    came = None
    try:
        while True:
            flow.send(came)
            came = Answer(409, {"x-should-retry": "false"}, body)
    except StopIteration:
        return


def test_a_process_that_ends_while_it_gives_a_block_up_charges_nothing_twice(tmp_path):
    file = InFile(tmp_path / "one")
    block = block_of(file)
    block.spend(ENDPOINT)
    cost = block.begin(ENDPOINT)
    journal = Journal(":memory:")
    journal_lines(journal, block.id, block.customer, block.give_up())
    block.end(ENDPOINT, cost, done=True)
    file.close()
    again = InFile(tmp_path / "one")
    (note,) = again.leases()
    over(recover(again, note, journal, Retry()))
    again.close()
    assert sum(entry.event["data"]["calls"] for entry in journal.waiting()) == 2
    journal.close()


def test_a_process_that_was_forked_has_leases_of_its_own(demo, world, cost, tmp_path):
    program = f"""
        import os
        from drawdown import Client, Leases, Size
        client = Client({demo["base_url"]!r}, {demo["service_key"]!r})
        leases = Leases(client, size=Size(every=3600), folder={str(tmp_path)!r})
        def spend(times):
            for _ in range(times):
                leases.spend({world.customer!r}, {ENDPOINT!r})
        spend(3)
        child = os.fork()
        spend(2 if child else 4)
        leases.close()
        client.close()
        if child:
            assert os.waitpid(child, 0)[1] == 0
        else:
            os._exit(0)
    """
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", dedent(program)], env=env, check=True, timeout=60)
    assert world.balance() == (100 - 9 * cost, 0) and counted(world) == 9


def test_a_key_that_is_revoked_pays_no_longer(credits, world):
    """However much its block has."""
    rich = World.new(world.api, "100000")
    path = f"/v1/customers/{rich.customer}/keys"
    made = world.api.post(path, {"name": "tests"}, key=str(uuid7()))
    with Leases(credits, size=Size(seconds=2, every=0.1, calls=5000)) as leases:
        leases.spend(api_key=made["secret"], endpoint=ENDPOINT)
        revoked = world.api._http.delete(
            f"{world.api._url}/v1/keys/{made['id']}",
            headers=world.api._headers | {"Idempotency-Key": str(uuid7())},
        )
        assert revoked.is_success, revoked.text

        def is_refused():
            try:
                leases.spend(api_key=made["secret"], endpoint=ENDPOINT)
            except AccessDenied as refused:
                return refused.type == "key-revoked"
            return False

        soon(is_refused, 20)


def test_what_is_no_answer_of_the_service_stops_nothing(demo, world, cost):
    gate = Gate(*(httpx.Response(200, text="<html>Sign in</html>") for _ in range(3)))
    with (
        httpx.Client(transport=gate) as http,
        Client(demo["base_url"], demo["service_key"], retry=PATIENT, http=http) as client,
        Leases(client, size=Size(every=0.05)) as leases,
    ):
        leases.spend(world.customer, ENDPOINT)
        soon(lambda: counted(world) == 1)
        soon(lambda: not gate._instead)
        leases.spend(world.customer, ENDPOINT)
    assert world.balance() == (100 - 2 * cost, 0) and counted(world) == 2


def test_work_that_outlives_its_leases_is_counted_for_the_next_process(
    credits, demo, world, cost, tmp_path
):
    program = f"""
        from drawdown import Client, Leases, Size
        client = Client({demo["base_url"]!r}, {demo["service_key"]!r})
        leases = Leases(client, size=Size(every=3600), folder={str(tmp_path)!r})
        with leases.reserve({world.customer!r}, {ENDPOINT!r}):
            leases.close()
    """
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", dedent(program)], env=env, check=True, timeout=60)
    with Leases(credits, size=Size(every=0.1), folder=tmp_path):
        soon(lambda: world.balance() == (100 - cost, 0))
    assert counted(world) == 1


def test_one_that_cannot_be_recovered_keeps_nobody_waiting(credits, world, cost, tmp_path):
    with Leases(credits, size=SLOWLY, folder=tmp_path) as first:
        first.spend(world.customer, ENDPOINT)
        first._closed.set()
        first._worker.join()
        first._holder._counts.close()
        broken = InFile(tmp_path / "z")
        broken.note({"lease": "lse_1", "is_over": False})
        broken.close()
        with Leases(credits, size=Size(every=0.1), folder=tmp_path):
            soon(lambda: world.balance() == (100 - cost, 0))
        first._closed.clear()
        first._holder._shops.clear()
    assert counted(world) == 1


def test_leases_are_begun_by_several_processes_at_once(tmp_path):
    program = f"""
        from drawdown import Client, Leases
        with Client("http://127.0.0.1:1", "x") as client:
            for _ in range(50):
                Leases(client, folder={str(tmp_path)!r}).close()
    """
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    began = [subprocess.Popen([sys.executable, "-c", dedent(program)], env=env) for _ in range(3)]
    ends_at = monotonic() + 60
    assert [each.wait(ends_at - monotonic()) for each in began] == [0, 0, 0]


def test_notes_that_are_older_than_what_was_settled_charge_nothing_twice(
    credits, world, cost, tmp_path
):
    """As after a loss of power: the system had written the counts later than the notes."""
    found = tmp_path / "found"
    found.mkdir()
    with Leases(credits, size=SLOWLY, folder=tmp_path) as first:

        def spend(times):
            for _ in range(times):
                first.spend(world.customer, ENDPOINT)

        spend(2)
        first.settle()
        (notes,) = tmp_path.glob("*.notes")
        shutil.copy(notes, found)
        spend(3)
        first.settle()
        spend(1)
        shutil.copy(notes.with_suffix(".counts"), found)
        with Leases(credits, size=SLOWLY, folder=found) as second:
            second.recover()
            assert world.balance() == (100 - 5 * cost, 0)
        # Nor does the first one, whose lease is over now, and whose next sequence was used.
    assert world.balance() == (100 - 5 * cost, 0) and counted(world) == 5


def test_slots_that_count_for_another_lease_by_now_are_not_read(tmp_path):
    """The note that it is over was lost with the power; its last settlement was not."""
    file = InFile(tmp_path / "one")
    block = block_of(file)
    block.spend(ENDPOINT)
    block.settlement(0, 60, ends=True)
    notes = (tmp_path / "one.notes").read_bytes()
    block.settled(0)
    file.close()
    (tmp_path / "one.notes").write_bytes(notes)
    again = InFile(tmp_path / "one")
    (note,) = again.leases()
    again.numbers[note["lines"][ENDPOINT][0]] += 5
    journal = Journal(":memory:")
    over(recover(again, note, journal, Retry()))
    again.close()
    assert [entry.event["data"]["calls"] for entry in journal.waiting()] == [1]
    journal.close()


def test_where_the_disk_is_full_calls_are_asked_for_one_by_one(credits, world, cost, tmp_path):
    with Leases(credits, size=SLOWLY, folder=tmp_path) as leases:
        with nothing_written():
            leases.spend(world.customer, ENDPOINT)
            leases.spend(world.customer, ENDPOINT)
        assert world.balance() == (100 - 2 * cost, 0)


def test_what_cannot_be_noted_is_settled_when_it_can(credits, world, cost, tmp_path):
    with Leases(credits, size=SLOWLY, folder=tmp_path) as leases:
        leases.spend(world.customer, ENDPOINT)
        with nothing_written():
            leases.settle()
        assert counted(world) == 0
        leases.spend(world.customer, ENDPOINT)
    assert world.balance() == (100 - 2 * cost, 0) and counted(world) == 2
