import signal
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from billing.books.scenarios import output, player
from billing.books.scenarios.file import Mistaken, load

MISTAKEN, FAILED = 2, 3


class Command(BaseCommand):
    help = (
        "Plays dated events into a database of their own, and prints the books. Exits with 1 when"
        " they are not as the file expects, and with 2 when the file is mistaken."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.yaml")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *, file: Path, **options: Any) -> None:
        # So that the database is dropped then too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        try:
            answer = player.play(load(file))
        except Mistaken as mistaken:
            raise CommandError(f"{file}\n{mistaken}", returncode=MISTAKEN) from None
        except OSError as error:
            raise CommandError(str(error), returncode=MISTAKEN) from None
        except DatabaseError as error:
            raise CommandError(f"The database failed: {error}", returncode=FAILED) from error
        if options["json"]:
            self.stdout.write(output.as_json(answer))
        else:
            self.stdout.write("\n".join(output.for_people(answer)))
        for difference in answer.differences:
            self.stderr.write(str(difference))
        if answer.differences:
            sys.exit(1)
