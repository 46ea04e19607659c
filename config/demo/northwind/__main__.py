"""Serves Northwind AI: `python -m config.demo.northwind STATE/demo.json DESCRIPTOR`."""

import json
import logging.config
import socket
import sys
from pathlib import Path

import httpx
import uvicorn

from config import logs
from config.demo.northwind.app import Northwind

GRACE_SECONDS = 2


def main() -> None:
    demo, listener = Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    logging.config.dictConfig(logs.settings(as_json=not sys.stderr.isatty(), level="WARNING"))
    logging.captureWarnings(True)
    # pypdf warns of what is wrong with a document: the caller is told so.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    # Calls that are cut off at the end are answered so.
    logging.getLogger("uvicorn.error").addFilter(_is_worth_a_line)
    config = uvicorn.Config(
        Northwind(_drawdown(demo)),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    return not record.getMessage().endswith("timeout graceful shutdown exceeded")


def _drawdown(demo: Path) -> httpx.AsyncClient:
    known = json.loads(demo.read_text())
    return httpx.AsyncClient(
        base_url=f"{known['base_url']}/v1/",
        headers={"Authorization": f"Bearer {known['service_key']}"},
        # What the environment says of proxies is not meant for a neighbour on this machine.
        trust_env=False,
    )


if __name__ == "__main__":
    main()
