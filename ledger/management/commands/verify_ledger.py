import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import ids
from accounts.errors import InvalidId
from ledger import checks, head_files, seals
from ledger.checks import Finding, outside
from ledger.head_files import UnreadableHeads


class Command(BaseCommand):
    help = "Proves every invariant, or names the first row that breaks each and exits with 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument("--customer", metavar="cus_...", help="of this one only")
        parser.add_argument(
            "--heads", metavar="FILE", type=Path, help="also compare heads that were exported"
        )

    def handle(self, *, customer: str | None, heads: Path | None, **options: Any) -> None:
        customer_id = _customer_id(customer) if customer else None
        kept = _compared(heads, customer_id) if heads else []
        findings = [*checks.verify([customer_id] if customer_id else None), *kept]
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


def _compared(heads: Path, customer_id: UUID | None) -> list[Finding]:
    try:
        kept = head_files.read(heads)
    except UnreadableHeads as refusal:
        raise CommandError(str(refusal)) from refusal
    return [seals.compare([one for one in kept if customer_id in (None, one.customer_id)])]


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
