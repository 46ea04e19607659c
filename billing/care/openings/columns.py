"""What the columns of a file of opening balances say, and what they say together."""

from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from tablib import Dataset

from accounts.models import Customer
from billing.books.rows import value
from billing.care.openings.owners import Owners
from billing.models import OpeningImport, OpeningLine, OpeningState
from billing.shares import part_of
from billing.sheets import cells
from billing.sheets.reading import Columns
from billing.sheets.rows import RowsResource, field
from ledger import selectors
from ledger.models import LotKind

COLUMNS: Final = Columns(
    ("reference", "kind", "credits"),
    (
        *("customer_id", "external_id", "email", "name", "currency", "deferred"),
        *("price", "credits_sold", "purchased_at", "expires_at", "note"),
    ),
)
EXPLAINED: Final = {
    "reference": "The lot's name in the other system, once in all files. What has been entered"
    " before is not entered again.",
    "kind": f"One of {', '.join(LotKind.values)}.",
    "credits": "What is left of it, with up to six places.",
    "customer_id, external_id, email": "Whose it is: the first of these that is given says it.",
    "name": "With an e-mail, where the customer is new.",
    "currency, deferred": "What is not revenue yet, of paid and bonus credits: 80.00.",
    "price, credits_sold": "Instead of deferred: what was paid without tax, and for how many"
    " credits. The part of those that are left is deferred.",
    "purchased_at": "2026-01-31, or with a time. Its month is the cohort of what has money.",
    "expires_at": "The last day, or an instant. Empty: never.",
    "note": "For staff.",
}
PRICED: Final = (LotKind.PAID, LotKind.BONUS)


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise ValueError("This is no e-mail address.") from None
    return text.lower()


class OpeningResource(RowsResource):
    reference = field("reference", partial(cells.text, length=100), required=True)
    name = field("name", partial(cells.text, length=200))
    email = field("email", _email)
    external_id = field("external_id", partial(cells.text, length=200))
    kind = field("kind", partial(cells.choice, known=LotKind.values), required=True)
    credits = field("credits", cells.credits, 0, required=True)
    currency = field("currency", cells.currency)
    note = field("note")

    class Meta(RowsResource.Meta):
        abstract = False
        model = OpeningLine
        fields = (
            "reference",
            "name",
            "email",
            "external_id",
            "kind",
            "credits",
            "currency",
            "note",
        )

    def __init__(self, batch: OpeningImport) -> None:
        super().__init__()
        self.known_count = 0
        self._batch, self._owners = batch, Owners()
        self._now, self._zone = (
            selectors.now(),
            ZoneInfo(value("select time_zone from ledger_books")),
        )
        self._seen: set[str] = set()
        self._known: dict[str, OpeningLine] = {}

    def before_import(self, dataset: Dataset, **options: Any) -> None:
        rows = dataset.dict
        self._owners.look_up(rows)
        known = OpeningLine.objects.filter(reference__in=[row["reference"] for row in rows])
        self._known = {line.reference: line for line in known.select_related("batch")}

    def import_instance(self, instance: OpeningLine, row: Any, **options: Any) -> None:
        """Raises ValidationError by column, with all that is wrong."""
        instance.batch, instance.row = self._batch, options["numbers"][options["row_number"] - 1]
        wrong: dict[str, Any] = {}
        for read in (super().import_instance, self._import_together, self._import_owner):
            try:
                read(instance, row, **options)
            except ValidationError as error:
                wrong = {**error.error_dict, **wrong}
        if wrong:
            raise ValidationError(wrong)
        instance.fingerprint = fingerprint(instance)
        self._check_reference(instance)

    def skip_row(self, instance: OpeningLine, original: Any, row: Any, errors: Any = None) -> bool:
        is_known = not errors and instance.reference in self._known
        self.known_count += is_known
        return is_known

    def _import_together(self, line: OpeningLine, row: Any, **options: Any) -> None:
        wrong: dict[str, str] = {}
        for name, is_end in (("purchased_at", False), ("expires_at", True)):
            try:
                at = row[name] and cells.instant(row[name], self._zone, end_of_day=is_end)
                setattr(line, name, at or None)
            except ValueError as error:
                wrong[name] = str(error)
        try:
            line.deferred = _deferred(line, row)
        except ValidationError as error:
            raise ValidationError({**wrong, **error.error_dict}) from None
        wrong |= _untimely(line, self._now)
        if wrong:
            raise ValidationError(wrong)

    def _import_owner(self, line: OpeningLine, row: Any, **options: Any) -> None:
        owner = self._owners.of(row)
        if isinstance(owner, Customer):
            # Only what is to be made has these.
            line.customer, line.name, line.email, line.external_id = owner, "", "", ""

    def _check_reference(self, line: OpeningLine) -> None:
        if line.reference in self._seen:
            raise ValidationError({"reference": "Another row of the file has it."})
        self._seen.add(line.reference)
        before = self._known.get(line.reference)
        if before is None:
            return
        if before.batch.state == OpeningState.WAITING:
            told = f"It waits for approval in {before.batch.file_name} already."
            raise ValidationError({"reference": told})
        if before.fingerprint != line.fingerprint or before.customer_id != line.customer_id:
            told = f"{before.batch.file_name} had it before, and with other values."
            raise ValidationError({"reference": told})


def fingerprint(line: OpeningLine) -> str:
    """Of what is entered. Whose it is, is compared by itself: it may have been made meanwhile."""
    said = [line.kind, line.credits, line.currency, line.deferred]
    said += [at.isoformat() if at else "" for at in (line.purchased_at, line.expires_at)]
    return sha256(repr(said).encode()).hexdigest()


def _deferred(line: OpeningLine, row: Any) -> int:
    """Minor units. Of a price, the part of the credits that are left."""
    if not (row["deferred"] or row["price"]):
        if line.kind == LotKind.PAID:
            told = "Paid credits have money deferred. Those of which nothing is are a bonus."
            raise ValidationError({"deferred": told})
        return 0
    if row["deferred"] and row["price"]:
        raise ValidationError({"price": "Give deferred, or price and credits_sold: not both."})
    if not row["currency"]:
        raise ValidationError({"currency": "Money has a currency."})
    if not line.currency:
        return 0  # What is wrong with it is told by its own column.
    column = "deferred" if row["deferred"] else "price"
    try:
        amount = cells.amount_of_money(row[column], line.currency)
    except ValueError as error:
        raise ValidationError({column: str(error)}) from None
    amount = amount if row["deferred"] else _left_of(amount, line, row)
    if amount and line.kind not in PRICED:
        raise ValidationError({column: "Only paid and bonus credits have money deferred."})
    if not amount and line.kind == LotKind.PAID:
        raise ValidationError({column: "Nothing is deferred of these: they are a bonus."})
    return amount


def _left_of(price: int, line: OpeningLine, row: Any) -> int:
    try:
        sold = cells.credits(row["credits_sold"])
    except ValueError as error:
        raise ValidationError({"credits_sold": f"Of how many credits is it? {error}"}) from None
    if line.credits > sold:
        raise ValidationError({"credits_sold": "More credits are left than were sold."})
    return part_of(price, line.credits or 0, sold)


def _untimely(line: OpeningLine, now: datetime) -> dict[str, str]:
    wrong = {}
    if line.purchased_at and line.purchased_at > now:
        wrong["purchased_at"] = "This is still to come."
    if line.deferred and line.purchased_at is None:
        wrong["purchased_at"] = "Credits with money have a day of purchase: it is their cohort's."
    if line.expires_at and line.expires_at <= now:
        wrong["expires_at"] = "This is over: credits that have expired are not brought."
    return wrong
