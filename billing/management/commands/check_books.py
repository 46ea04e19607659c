import sys
from typing import Any

from django.core.management.base import BaseCommand

from billing import books_checks


class Command(BaseCommand):
    help = (
        "Verifies the books, keeps what it finds for staff's page, and mails OPERATORS of what is"
        " broken: for cron, where nothing goes round by itself. Ends with 1 when something is."
    )

    def handle(self, **options: Any) -> None:
        done = books_checks.run_and_tell()
        self.stdout.write(f"{done.checks} checks, {done.broken} broken")
        if done.broken:
            sys.exit(1)
