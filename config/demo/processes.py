"""The demo company's own processes: its service, and its customers."""

import json
import socket
import sys

from config.demo.company import FILE
from config.listener import PortTaken, open_listener
from config.state import State
from config.supervisor import Children

LAST_PORT = 65_535


def open_beside(host: str, port: int) -> socket.socket:
    """The port after Drawdown's own, or any where that is taken."""
    try:
        return open_listener(host, port + 1 if port < LAST_PORT else 0)
    except PortTaken:
        return open_listener(host, 0)


def start(
    children: Children, state: State, listener: socket.socket, calls_per_second: float
) -> None:
    demo, descriptor = str(state.path / FILE), listener.fileno()
    serve = [sys.executable, "-m", "config.demo.northwind", demo, str(descriptor)]
    children.start("Northwind AI", serve, [descriptor])
    if calls_per_second > 0:
        call = [sys.executable, "-m", "config.demo.traffic", demo, address(listener)]
        children.start("demo traffic", [*call, str(calls_per_second)])


def first_call(listener: socket.socket) -> dict[str, str]:
    """What the portal tells newcomers to try, as settings."""
    return {
        "PROVIDER_API_URL": address(listener),
        "PROVIDER_API_ENDPOINT": "generate",
        "PROVIDER_API_BODY": json.dumps({"prompt": "The keeper of the", "max_tokens": 80}),
    }


def address(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}"
