"""One web process, on a socket that its parent opened: `python -m config.web DESCRIPTOR`."""

import gc
import logging
import socket
import sys
import warnings

import uvicorn

from config.protocol import Protocol

GRACE_SECONDS = 3
# A request leaves thousands of objects and no cycles: look for those less often than by default.
GARBAGE_THRESHOLD = 20_000


def main() -> None:
    logging.captureWarnings(True)
    # WhiteNoise's answers are read so; the files are small.
    warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
    listener = socket.socket(fileno=int(sys.argv[1]))
    config = uvicorn.Config(
        "config.asgi:application",
        loop="uvloop",
        http=Protocol,
        # Django reads X-Forwarded-Proto itself. Rows tell who was connected to us: what
        # X-Forwarded-For says is anybody's word.
        proxy_headers=False,
        # Its lines go where all others do.
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    config.load()
    _spare_the_collector()
    uvicorn.Server(config).run(sockets=[listener])


def _spare_the_collector() -> None:
    """What was loaded stays: looking through it again and again would stop all requests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


if __name__ == "__main__":
    main()
