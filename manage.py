#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

from config.embedded import ServerFailed, serving
from config.listener import PortTaken, refuse_taken_port
from config.state import State

# These need no database, or see to it themselves.
WITHOUT_SERVER = {"check", "help", "run", "version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["run"]:
        try:
            refuse_taken_port(sys.argv[2:])
        except PortTaken as taken:
            sys.exit(f"CommandError: {taken}")
    if os.environ.get("DATABASE_URL") or WITHOUT_SERVER.intersection(sys.argv[1:2] or ["help"]):
        execute_from_command_line(sys.argv)
        return
    try:
        with serving(State.current()):
            execute_from_command_line(sys.argv)
    except ServerFailed as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
