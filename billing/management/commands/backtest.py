import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from billing.backtest import asking, running, telling
from billing.errors import BackTestRefused
from billing.models import BackTest
from ledger.models import RateCard


class Command(BaseCommand):
    help = "Prices past calls under a rate card, and says what changes for whom."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("card", help="the name of a draft, or of any other rate card")
        parser.add_argument("--days", type=int, default=30, help="how far back (30)")
        parser.add_argument(
            "--ignore-terms",
            action="store_true",
            help="price everyone by this card, whatever group, pin or own prices they have",
        )
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument("--csv", type=Path, help="a file for all customers and endpoints")

    def handle(self, *, card: str, days: int, **options: Any) -> None:
        asked = _ask(card, days, heeds_terms=not options["ignore_terms"])
        is_json, path = options["json"], options["csv"]
        running.run_and_keep(asked, lambda seen: self._progress(asked, seen))
        if path is not None:
            with path.open("wb") as file:
                file.writelines(telling.as_csv(asked))
        if is_json:
            self.stdout.write(json.dumps(telling.as_json(asked), indent=2))
            return
        for line in telling.as_text(asked):
            self.stdout.write(line)

    def _progress(self, asked: BackTest, seen: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{seen:,} calls", ending="")


@transaction.atomic
def _ask(name: str, days: int, *, heeds_terms: bool) -> BackTest:
    """At work already when anybody else sees it."""
    card = RateCard.objects.filter(name=name).first()
    if card is None:
        raise CommandError(f"There is no rate card {name}.")
    try:
        asked = asking.ask(card, days=days, heeds_terms=heeds_terms)
    except BackTestRefused as refusal:
        raise CommandError(refusal.detail) from None
    running.begin(asked)
    return asked
