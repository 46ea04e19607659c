import json
import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import ids
from accounts.errors import InvalidId
from ledger import checks
from ledger.checks import Finding, outside


class Command(BaseCommand):
    help = "Proves every invariant, or names the first row that breaks each and exits with 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument("--customer", metavar="cus_...", help="of this one only")

    def handle(self, *, customer: str | None, **options: Any) -> None:
        customer_id = _customer_id(customer) if customer else None
        findings = checks.verify([customer_id] if customer_id else None)
        broken = [finding for finding in findings if finding.broken]
        if options["json"]:
            self.stdout.write(json.dumps(_document(findings), indent=2, default=str))
        else:
            for finding in findings:
                self.stdout.write(_line(finding))
            self.stdout.write(f"{len(findings)} checks, {len(broken)} broken")
        if broken:
            sys.exit(1)


def _customer_id(text: str) -> UUID:
    try:
        return ids.decode(ids.CUSTOMER, text)
    except InvalidId:
        raise CommandError(f"{text} is no customer's id") from None


def _document(findings: list[Finding]) -> dict[str, Any]:
    return {
        "ok": not any(finding.broken for finding in findings),
        "checks": [
            {
                "name": finding.check.name,
                "title": finding.check.title,
                "why": finding.check.why,
                "broken": finding.broken,
                "first": finding.first and outside(finding.first),
                "rows": [outside(row) for row in finding.rows],
            }
            for finding in findings
        ],
    }


def _line(finding: Finding) -> str:
    if finding.first is None:
        return f"ok      {finding.check.title}"
    row = " ".join(f"{name}={value}" for name, value in outside(finding.first).items())
    return f"BROKEN  {finding.check.title} ({finding.check.name}: {finding.broken})\n        {row}"
