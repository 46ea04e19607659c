import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing.books import close_pack, months


class Command(BaseCommand):
    help = "Writes everything of a month as one ZIP: reports, exports, tie-outs, the close."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", type=_month, help="2026-10")
        parser.add_argument("--output", type=Path, help="a file; otherwise standard output")

    def handle(self, *, month: date, output: Path | None, **options: Any) -> None:
        if output is None:
            close_pack.write(month, sys.stdout.buffer)
            return
        with output.open("wb") as file:
            close_pack.write(month, file)
        self.stdout.write(f"{output}: {output.stat().st_size} bytes")


def _month(text: str) -> date:
    try:
        return months.read(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a month is written as 2026-10") from None
