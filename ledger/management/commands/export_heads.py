import csv
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ledger import head_files, seals


class Command(BaseCommand):
    help = "Writes the head of every customer's chain, to be kept where nobody here can change it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines, instead of CSV")

    def handle(self, **options: Any) -> None:
        rows = map(head_files.row, seals.heads())
        if options["json"]:
            told = [dict(zip(head_files.HEADER, row, strict=True)) for row in rows]
            self.stdout.write(json.dumps(told, indent=2))
        else:
            writer = csv.writer(self.stdout, lineterminator="\n")
            writer.writerow(head_files.HEADER)
            writer.writerows(rows)
