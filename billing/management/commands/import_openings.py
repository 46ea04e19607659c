from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from billing.care.openings import uploading
from billing.sheets.problems import SheetRefused


class Command(BaseCommand):
    help = "Reads a file of opening balances, of any size. Somebody else approves it in the admin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="CSV: docs/openings.md has its columns")
        parser.add_argument(
            "--by", required=True, help="the e-mail of the member of staff who asks"
        )
        parser.add_argument("--note", default="", help="where it comes from")

    def handle(self, *, file: Path, by: str, note: str, **options: Any) -> None:
        user = User.objects.filter(email=by.lower(), is_active=True).first()
        if user is None or not user.has_perm("billing.import_openings"):
            raise CommandError(f"{by} may not upload opening balances.")
        try:
            with file.open("rb") as opened:
                batch = uploading.upload(opened, name=file.name, note=note, by=user)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        except SheetRefused as refusal:
            raise CommandError("Nothing was saved.\n" + str(refusal)) from None
        self.stdout.write(f"{batch.lines_total:,} lots wait for somebody else's approval.")
