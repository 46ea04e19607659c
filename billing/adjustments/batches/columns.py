"""What the columns of a file of adjustments say."""

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final, NamedTuple
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from accounts.models import Customer, User
from billing.adjustments import drafts, naming
from billing.adjustments.errors import DraftRefused
from billing.adjustments.kinds import SHAPES
from billing.adjustments.reasons import REASONS
from billing.models import Adjustment
from billing.sheets import cells, reading, rows
from billing.sheets.reading import Columns
from billing.sheets.rows import RowsResource

ROWS_MAX: Final = 500
COLUMNS: Final = Columns(
    ("customer", "kind", "reason", "note"),
    ("credits", "lot", "call", "receiver", "expires_at", "about"),
)
EXPLAINED: Final = {
    "customer": "Whose credits: cus_…, its external id or its e-mail.",
    "kind": f"One of {', '.join(SHAPES)}.",
    "reason": "The customer reads it, in the words of the form: "
    + "; ".join(f"{kind}: {', '.join(known)}" for kind, known in REASONS.items())
    + ".",
    "note": "Why, for those who read it later.",
    "credits": "Up to six places. Empty for extend; of a reversed call, empty is all of it.",
    "lot": "lot_…, where the kind is about one.",
    "call": "rsv_…, of the call that is reversed.",
    "receiver": "To whom credits are moved, as customer.",
    "expires_at": "The last day (UTC), or an instant.",
    "about": naming.ABOUT + ".",
}
_COLUMN_OF: Final = {"lot_id": "lot", "reservation_id": "call", "transaction_id": "about"}
_COLUMN_OF_ABOUT: Final = {"purchase": "about"}


class Line(NamedTuple):
    row: int
    draft: Adjustment


def column_of(field: str) -> str:
    """Of a column of `Adjustment`, as the file calls it."""
    return {**_COLUMN_OF, **_COLUMN_OF_ABOUT}.get(field, field)


def read(file: BinaryIO, by: User) -> list[Line]:
    """Its drafts, in its order. Raises SheetRefused with what is wrong, by row and column."""
    resource = AdjustmentResource(by)
    rows.store(resource, reading.rows(file, COLUMNS, rows_max=ROWS_MAX), dry_run=True)
    return resource.lines


class AdjustmentResource(RowsResource):
    """Stores nothing: what becomes of its drafts is the ledger's."""

    class Meta(RowsResource.Meta):
        abstract = False
        model = Adjustment
        fields = ()

    def __init__(self, by: User) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self._by = by

    def import_instance(self, instance: Adjustment, row: Any, **options: Any) -> None:
        """Raises ValidationError by column."""
        try:
            draft = _draft(row, self._by)
        except DraftRefused as refusal:
            told = {column_of(field): text for field, text in refusal.errors.items()}
            raise ValidationError({name or "kind": text for name, text in told.items()}) from None
        self.lines.append(Line(options["numbers"][options["row_number"] - 1], draft))

    def skip_row(self, instance: Any, original: Any, row: Any, errors: Any = None) -> bool:
        return not errors


def _draft(row: Mapping[str, str], by: User) -> Adjustment:
    """Raises DraftRefused, and ValidationError by column."""
    cell = _Cells(row)
    customer = cell.read("customer", naming.customer)
    given: dict[str, Any] = {
        "credits": cell.read("credits", cells.credits),
        "lot_id": cell.read("lot", naming.lot),
        "receiver": cell.read("receiver", naming.customer),
        "expires_at": cell.read("expires_at", _end),
    }
    if customer is not None:
        given |= _of_customer(cell, customer, given["credits"])
    elif not row["customer"]:
        cell.errors["customer"] = "Say whose credits."
    if cell.errors or customer is None:
        raise ValidationError(dict(cell.errors))
    kind, reason = row["kind"].lower(), row["reason"].lower()
    return drafts.draft(customer, kind, reason=reason, note=row["note"], by=by, **given)


def _of_customer(cell: "_Cells", customer: Customer, credits: int | None) -> dict[str, Any]:
    call = cell.read("call", lambda term: naming.call(customer, term))
    given: dict[str, Any] = dict(
        cell.read("about", lambda term: naming.about(customer, term)) or {}
    )
    if call is not None:
        left = call.committed - call.reversed
        given |= {"reservation_id": call.id, "credits": credits if credits is not None else left}
    return given


class _Cells:
    """Of a row, and what is wrong with them."""

    def __init__(self, row: Mapping[str, str]) -> None:
        self._row = row
        self.errors: dict[str, str] = {}

    def read(self, column: str, read: Callable[[str], Any]) -> Any:
        """None where it is empty or wrong."""
        if not self._row[column]:
            return None
        try:
            return read(self._row[column])
        except ValueError as error:
            self.errors[column] = str(error)
            return None


def _end(text: str) -> Any:
    return cells.instant(text, ZoneInfo("UTC"), end_of_day=True)
