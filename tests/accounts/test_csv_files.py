"""Files that are sent as they are made."""

import asyncio
import time

from asgiref.sync import ThreadSensitiveContext, async_to_sync

from accounts import csv_files
from tests.downloads import downloaded


class Made:
    """Lines of a thousand bytes, and how many were taken."""

    def __init__(self, number):
        self.number, self.taken, self.is_closed = number, 0, False

    def lines(self):
        try:
            for _ in range(self.number):
                self.taken += 1
                yield b"x" * 1000
        finally:
            self.is_closed = True


async def first_part(response):
    async for part in response:
        return part


def test_all_of_it_arrives():
    made = Made(1000)
    response = csv_files.streaming("a.csv", made.lines())
    assert downloaded(response) == b"x" * 1_000_000
    assert response["Content-Disposition"] == 'attachment; filename="a.csv"'


def test_no_more_is_made_than_is_taken():
    made = Made(10**9)
    response = csv_files.streaming("a.csv", made.lines())
    part = async_to_sync(first_part)(response)
    assert len(part) == made.taken * 1000 < 100_000
    assert not made.is_closed


def test_it_ends_with_its_response_wherever_it_was():
    """In the thread that closes the response: that of the request, with its connections."""
    made = Made(10**9)
    response = csv_files.streaming("a.csv", made.lines())
    async_to_sync(first_part)(response)
    response.close()
    assert made.is_closed


def test_files_are_made_by_turns():
    """However many are asked for: who debits meanwhile waits for a part of one at most."""
    making = []

    def lines():
        for _ in range(3):
            making.append(1)
            assert len(making) == 1
            time.sleep(0.01)
            making.pop()
            yield b"x" * 100_000

    async def all_of(response):
        """In a thread of its own, as each request's is."""
        async with ThreadSensitiveContext():
            return [len(part) async for part in response]

    async def at_once():
        files = [csv_files.streaming("a.csv", lines()) for _ in range(3)]
        return await asyncio.gather(*(all_of(file) for file in files))

    assert asyncio.run(at_once()) == [[100_000] * 3] * 3


def test_a_file_of_rows():
    rows = iter([["1", 'a "b", c'], ["2", csv_files.safe("=1")]])
    response = csv_files.download("a.csv", ["n", "text"], rows)
    assert downloaded(response) == b'n,text\r\n1,"a ""b"", c"\r\n2,\'=1\r\n'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
