"""Served like Drawdown itself: `python -m benchmarks.by_hand.web DESCRIPTOR`."""

import os
import socket
import sys

import uvicorn
from django.core.asgi import get_asgi_application

from benchmarks.by_hand.database import SETTINGS


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    config = uvicorn.Config(
        get_asgi_application(),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
