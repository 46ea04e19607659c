from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing.reconciliation import reconcile


class Command(BaseCommand):
    help = "Enters what providers know and did not tell us: payments, refunds, disputes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
            help="A date or an instant in UTC; otherwise three days ago",
        )

    def handle(self, *, since: datetime | None, **options: Any) -> None:
        report = reconcile(since)
        for name, number in sorted(report.items()):
            self.stdout.write(f"{number:8d} {name}")
