from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from billing import events
from billing.reconciliation import Report, reconcile

A_DAY = timedelta(days=1)


class Command(BaseCommand):
    help = "Enters what providers know and did not tell us: payments, refunds, disputes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
            help="A date or an instant in UTC; otherwise three days ago",
        )

    def handle(self, *, since: datetime | None, **options: Any) -> None:
        self._tell(reconcile(since))

    def _tell(self, report: Report) -> None:
        for name, number in sorted(report.items()):
            self._line(number, name)
        self._line(events.refused_since(timezone.now() - A_DAY), "events refused in the last day")

    def _line(self, number: int, name: str) -> None:
        self.stdout.write(f"{number:8d} {name}")
