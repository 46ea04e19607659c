"""The listening socket, opened before anything else so that a taken port is told at once."""

import argparse
import errno
import http.client
import socket
from collections.abc import Sequence
from http import HTTPStatus

HOST = "127.0.0.1"
PORT = 8000
BACKLOG = 1024


class PortTaken(Exception):
    pass


def open_listener(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    # Without this, connections of the last run keep the port for a minute.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(
            f"Port {port} is in use; choose another: make run PORT={port + 1}"
        ) from None
    listener.listen(BACKLOG)
    return listener


def refuse_taken_port(arguments: Sequence[str]) -> None:
    """Of `manage.py run`, before its settings make a state folder. Raises PortTaken."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--host", default=HOST)
    parser.add_argument("--port", default=str(PORT))
    known, _ = parser.parse_known_args(arguments)
    if known.port.isdecimal():
        open_listener(known.host, int(known.port)).close()


def answers(host: str, port: int) -> bool:
    """Whether a web process accepts requests already; until then they wait in the queue."""
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
