"""The deadline is for a whole call, and a connection that hangs leaves time for another."""

import socket
import threading
from contextlib import contextmanager, suppress
from time import monotonic, sleep

import pytest

from drawdown import Client, Retry, Unreachable

SECONDS = 1.0
DRIPS = 12


@contextmanager
def dripping():
    """A server whose answer comes byte by byte."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(listener.accept()[0],), daemon=True).start()

    def drip(near):
        with near, suppress(OSError):
            near.recv(65536)
            near.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % DRIPS)
            for _ in range(DRIPS):
                sleep(SECONDS / 3)
                near.sendall(b" ")

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_an_answer_that_drips_is_waited_for_no_longer():
    retry = Retry(deadline=SECONDS)
    with dripping() as url, Client(url, "dds_1", retry=retry) as client:
        began = monotonic()
        with pytest.raises(Unreachable):
            client.debit("cus_1", amount=1)
        assert monotonic() - began < SECONDS * DRIPS / 3 - 1


def test_where_a_connection_hangs_another_is_tried(road, demo, world):
    road.swallow_answers(1)
    with Client(road.url, demo["service_key"], retry=Retry(deadline=6)) as client:
        assert client.debit(world.customer, amount=1).committed == 1
    assert road.requests == 2
    assert world.balance() == (99, 0)


def test_it_is_known_whether_anything_was_sent(road, demo, world):
    retry = Retry(retries=0, deadline=20)
    with Client(road.url, demo["service_key"], retry=retry) as client:
        road.lose_answers(1)
        with pytest.raises(Unreachable) as lost:
            client.debit(world.customer, amount=1)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with Client(url, "dds_1", retry=retry) as client, pytest.raises(Unreachable) as refused:
        client.debit(world.customer, amount=1)
    assert lost.value.was_sent and not refused.value.was_sent
