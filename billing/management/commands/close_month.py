import sys
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import findings
from billing.books import closing, months
from billing.books.errors import TieOutFailed
from billing.errors import BillingError
from billing.models import CloseStep
from ledger.errors import LedgerError


class Command(BaseCommand):
    help = (
        "Closes a month: freeze, expire, recognise, estimate, engine, tie-outs, lock. Exits with 1"
        " when it stops, and with 2 when the month is not one to be closed now."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="2026-10: over, and the first that is not closed")

    def handle(self, *, month: str, **options: Any) -> None:
        day = _month(month)
        try:
            closing.begin(day)
        except BillingError as refusal:
            raise CommandError(refusal.detail, returncode=2) from None
        try:
            closing.close(day, tell=self._tell)
        except TieOutFailed as failure:
            self._stop(failure.detail, day)
        except (BillingError, LedgerError) as failure:
            raise CommandError(failure.detail, returncode=1) from None

    def _tell(self, step: CloseStep) -> None:
        took = (step.finished_at - step.started_at).total_seconds()
        mark = "ok" if step.ok else "STOPPED"
        self.stdout.write(f"{mark:8}{step.name:10} {step.told} ({took:.1f} s)")

    def _stop(self, told: str, month: date) -> None:
        """With the rows that break each tie-out."""
        step = CloseStep.objects.filter(period=month, ok=False).order_by("-id").first()
        self.stderr.write(told)
        for finding in step.findings if step else []:
            if finding["broken"]:
                self.stderr.write(f"{finding['title']} ({finding['name']}: {finding['broken']})")
                for row in finding["rows"]:
                    self.stderr.write(f"        {_line(finding, row)}")
        sys.exit(1)


def _month(text: str) -> date:
    try:
        return months.read(text)
    except ValueError:
        raise CommandError(f"{text} is no month: write it as 2026-10.", returncode=2) from None


def _line(finding: dict[str, Any], row: findings.Row) -> str:
    return " ".join(f"{name}={findings.text(row, name)}" for name in finding["columns"])
