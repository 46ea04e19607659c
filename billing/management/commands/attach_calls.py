from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import kept_calls
from ledger.detached.errors import DetachedError


class Command(BaseCommand):
    help = "Reads the calls of a month back that detach_calls has written to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            month, calls = kept_calls.attach(file)
        except DetachedError as refusal:
            raise CommandError(f"Nothing was changed. {refusal}") from refusal
        self.stdout.write(f"{calls} calls of {month} are in the database again.")
