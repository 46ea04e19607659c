import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.errors import LedgerError
from ledger.models import RateCard
from ledger.openapi_import import applying, telling
from ledger.openapi_import.applying import Imported, Read
from ledger.openapi_import.errors import FileRefused


class Command(BaseCommand):
    help = "Makes endpoints of an OpenAPI file, and lines of a draft card to be filled in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="JSON or YAML, OpenAPI 3.0 or 3.1; - is standard input")
        parser.add_argument("--api", default="", help="whose operations these are; else its title")
        parser.add_argument("--card", metavar="NAME", help="the draft that takes the prices")
        parser.add_argument("--dry-run", action="store_true", help="save nothing")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *, file: str, api: str, card: str | None, **options: Any) -> None:
        try:
            imported = _import(_raw(file), api, _card(card), is_dry=options["dry_run"])
        except FileRefused as refusal:
            if not options["json"]:
                raise CommandError(f"Nothing was saved.\n{refusal}") from None
            problems = [problem._asdict() for problem in refusal.problems]
            self.stdout.write(json.dumps({"saved": False, "problems": problems}, indent=2))
            sys.exit(1)
        except LedgerError as refusal:
            raise CommandError(f"Nothing was saved: {refusal.detail}") from None
        self._tell(imported, as_json=options["json"], is_dry=options["dry_run"])

    def _tell(self, imported: Imported, *, as_json: bool, is_dry: bool) -> None:
        comparison, card = imported
        if as_json:
            document = telling.as_json(comparison, card, is_dry=is_dry)
            self.stdout.write(json.dumps(document, indent=2))
            return
        for line in telling.as_text(comparison):
            self.stdout.write(line)
        if is_dry:
            self.stdout.write("Nothing was saved.")
        elif card is not None:
            self.stdout.write(f"The prices are on the draft {card.name}.")


def _import(raw: bytes, api: str, card: RateCard | None, *, is_dry: bool) -> Imported:
    read: Read = applying.read(raw)
    if is_dry:
        comparison = applying.preview(read, api=api, card=card)
        return Imported(comparison, comparison.draft)
    return applying.import_at_once(raw, read, api=api, card=card)


def _raw(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from None


def _card(name: str | None) -> RateCard | None:
    if name is None:
        return None
    found = RateCard.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"There is no rate card {name}.")
    return found
