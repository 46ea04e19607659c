import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo import company, processes
from config.demo.welcome import welcome
from config.embedded import Server, ServerFailed, serving
from config.listener import HOST, PORT, PortTaken, answers, open_listener
from config.metrics import share_counts
from config.processes import end_with_make
from config.state import ServedAlready, only_one
from config.supervisor import Children, Ended, interruptible, watch

# A line for every request of the demo company would soon hide what is said at the start.
QUIET = {"LOG_LEVEL": "WARNING"}


class Command(BaseCommand):
    help = "Serves everything in one foreground process tree, with the demo company loaded."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=HOST)
        parser.add_argument("--port", type=int, default=PORT)

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        end_with_make()
        try:
            with interruptible(), open_listener(host, port) as listener, only_one(settings.STATE):
                self._serve(listener)
        except KeyboardInterrupt:
            self._say("Stopped.")
        except (Ended, PortTaken, ServedAlready, ServerFailed) as error:
            raise CommandError(str(error)) from None

    def _serve(self, listener: socket.socket) -> None:
        host, port = listener.getsockname()
        children = Children()
        with ExitStack() as stack:
            checks = [children.check, *self._start_database(stack)]
            self._say("Migrating the database")
            call_command("migrate", verbosity=0)
            self._say("Loading the demo company")
            history = timedelta(days=settings.DEMO_HISTORY_DAYS)
            known = company.load(settings.STATE, f"http://{host}:{port}", history=history)
            self._say("Starting the web server")
            stack.callback(children.stop)
            # Its address is on a page, so it is taken before there are pages.
            northwind = stack.enter_context(processes.open_beside(host, port))
            self._start_web(children, listener, processes.first_call(northwind))
            watch(checks, until=lambda: answers(host, port))
            beside = Children()
            stack.callback(beside.stop)
            self._start_beside(beside, listener, northwind)
            checks.append(beside.check)
            self._say(welcome(known, settings.STATE, processes.address(northwind)))
            watch(checks)

    def _start_beside(
        self, children: Children, listener: socket.socket, northwind: socket.socket
    ) -> None:
        """These stop before the service that they call."""
        processes.start(children, settings.STATE, northwind, settings.DEMO_TRAFFIC)
        for name in ("worker", "beat"):
            command = [sys.executable, "manage.py", name]
            children.keep(name, command, defaults=QUIET | _own_name(listener))

    def _start_database(self, stack: ExitStack) -> list[Callable[[], None]]:
        if not settings.EMBEDDED:
            return []
        self._say(f"Starting PostgreSQL in {settings.STATE.path}")
        server = stack.enter_context(serving(settings.STATE))
        return [lambda: _check_database(server)]

    def _start_web(
        self, children: Children, listener: socket.socket, first_call: dict[str, str]
    ) -> None:
        descriptor, defaults = listener.fileno(), QUIET | _own_name(listener) | first_call
        command = [sys.executable, "-m", "config.web", str(descriptor)]
        if settings.WEB_PROCESSES > 1:
            share_counts(settings.STATE)
        for number in range(1, settings.WEB_PROCESSES + 1):
            children.start(f"web process {number}", command, [descriptor], defaults)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _own_name(listener: socket.socket) -> dict[str, str]:
    host, port = listener.getsockname()
    return {"PUBLIC_URL": f"http://{host}:{port}"}


def _check_database(server: Server) -> None:
    if not server.is_up():
        raise Ended("PostgreSQL ended")
