import json
import sys
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from accounts import ids
from accounts.errors import InvalidId
from ledger import checks
from ledger.checks import Finding, Row
from ledger.ids import LOT, TRANSACTION, ReservationId

SNAPSHOT = "set transaction isolation level repeatable read, read only"
# For this transaction: sorts and hashes of a million rows stay in memory.
MEMORY = "set local work_mem = '64MB'"


class Command(BaseCommand):
    help = "Proves every invariant, or names the first row that breaks each and exits with 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument("--customer", metavar="cus_...", help="of this one only")

    def handle(self, *, customer: str | None, **options: Any) -> None:
        customer_id = _customer_id(customer) if customer else None
        findings = _findings(customer_id)
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


def _findings(customer_id: UUID | None) -> list[Finding]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(SNAPSHOT)
            cursor.execute(MEMORY)
        return list(checks.run(connection, [customer_id] if customer_id else None))


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
            }
            for finding in findings
        ],
    }


def _line(finding: Finding) -> str:
    if finding.first is None:
        return f"ok      {finding.check.title}"
    row = " ".join(f"{name}={value}" for name, value in outside(finding.first).items())
    return f"BROKEN  {finding.check.title} ({finding.check.name}: {finding.broken})\n        {row}"


def outside(row: Row) -> Row:
    """The row with its ids as the API shows them."""
    shown = {name.removesuffix("_id"): _outside(name, value, row) for name, value in row.items()}
    if shown.get("reservation"):
        shown.pop("price", None)
    return shown


def _outside(name: str, value: Any, row: Row) -> Any:
    if value is None:
        return None
    if isinstance(value, Decimal):  # a sum of bigints
        return int(value)
    match name:
        case "customer_id":
            return ids.encode(ids.CUSTOMER, value)
        case "lot_id":
            return ids.encode(LOT, value)
        case "transaction_id":
            return ids.encode(TRANSACTION, value)
        case "reservation_id":
            return str(ReservationId(row["customer_id"], value, row.get("price_id") or 0))
        case _:
            return value
