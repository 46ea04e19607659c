import argparse
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import kept_calls
from billing.books import months
from ledger.detached.errors import DetachedError
from ledger.detached.obstacles import LEAST_AGE


class Command(BaseCommand):
    help = "Writes the calls of a month to a file, and takes them out of the database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", type=_month, help="2026-10")
        parser.add_argument("--to", type=Path, default=Path(), metavar="FOLDER", help="else here")
        parser.add_argument(
            "--least-age",
            type=int,
            default=LEAST_AGE,
            metavar="MONTHS",
            help=f"since the month ended ({LEAST_AGE})",
        )

    def handle(self, *, month: date, to: Path, least_age: int, **options: Any) -> None:
        try:
            kept = kept_calls.detach(month, to, least_age=least_age)
        except DetachedError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{to / kept.file}: {kept.calls} calls of {month:%Y-%m}")
        self.stdout.write(f"SHA-256 {kept.sha256}")


def _month(text: str) -> date:
    try:
        return months.read(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a month is written as 2026-10") from None
