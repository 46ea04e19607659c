"""The services that are asked over HTTP: Drawdown's own, the least there could be, and what people
write by hand."""

import os
import sys
from contextlib import ExitStack
from dataclasses import replace

from django.conf import settings
from psycopg.conninfo import make_conninfo

from benchmarks import callers, plain
from benchmarks.by_hand import database as by_hand
from benchmarks.callers import Target
from benchmarks.company import CUSTOMERS, Company
from config.embedded import cluster
from config.embedded.place import Place
from config.listener import answers, open_listener
from config.supervisor import Children, watch

HOST = "127.0.0.1"
# As `make run` starts it: no line for each request.
QUIET = {"LOG_LEVEL": "WARNING"}
WARM_UP_SECONDS = 2


def start_drawdown(stack: ExitStack, company: Company) -> Target:
    return _start(stack, "config.web", settings.WEB_PROCESSES, company)


def start_plain(stack: ExitStack, place: Place, company: Company) -> Target:
    os.environ[plain.CONNINFO] = make_conninfo(
        host=str(place.sockets), user=cluster.APPLICATION, dbname=cluster.DATABASE
    )
    return _start(stack, "benchmarks.plain", settings.WEB_PROCESSES, company)


def start_by_hand(stack: ExitStack, place: Place, company: Company) -> Target:
    """One process for each core, since threads share one."""
    by_hand.make(place, company.customers, company.service_key)
    return _start(stack, "benchmarks.by_hand.web", os.cpu_count() or 1, company)


def _start(stack: ExitStack, module: str, processes: int, company: Company) -> Target:
    listener = stack.enter_context(open_listener(HOST, 0))
    port = listener.getsockname()[1]
    children = Children()
    stack.callback(children.stop)
    descriptor = listener.fileno()
    for number in range(1, processes + 1):
        command = [sys.executable, "-m", module, str(descriptor)]
        children.start(f"{module} {number}", command, [descriptor], QUIET)
    watch([children.check], until=lambda: answers(HOST, port))
    target = Target(port, company.service_key, [f"cus_{id.hex}" for id in company.customers])
    callers.run(replace(target, customers=target.customers[:CUSTOMERS]), WARM_UP_SECONDS)
    return target
