"""A file becomes lines that wait for a second person. Nothing of it is in the ledger before."""

from hashlib import file_digest
from typing import BinaryIO, Final

from django.db import connection, transaction

from accounts.models import User
from billing.care.openings.columns import COLUMNS, OpeningResource
from billing.models import OpeningImport, OpeningLine, OpeningState
from billing.models.openings import WAITS
from billing.sheets import reading, rows
from billing.sheets.problems import refused
from ledger import selectors

ROWS_MAX: Final = 100_000


@transaction.atomic
def upload(file: BinaryIO, *, name: str, note: str = "", by: User) -> OpeningImport:
    """Tried whole first, and stored where every row is right. Raises SheetRefused."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('openings', 0))")
    forget_expired()
    batch = OpeningImport(
        file_name=name[-200:],
        digest=_digest(file),
        note=note,
        asked_by=by,
        asked_at=selectors.now(),
    )
    tried = OpeningResource(batch)
    count = _read(tried, file, dry_run=True)
    if tried.known_count == count:
        raise refused(f"All {count:,} rows were entered before: there is nothing to do.")
    batch.lines_total, batch.lines_known = count - tried.known_count, tried.known_count
    batch.save(force_insert=True)
    _read(OpeningResource(batch), file, dry_run=False)
    return batch


def forget_expired() -> int:
    """Nobody approved them within 7 days: their lines are gone, and can be uploaded again."""
    late = OpeningImport.objects.filter(
        state=OpeningState.WAITING, asked_at__lte=selectors.now() - WAITS
    )
    ids = list(late.select_for_update().values_list("id", flat=True))
    OpeningLine.objects.filter(batch__in=ids).delete()
    return OpeningImport.objects.filter(id__in=ids).update(state=OpeningState.EXPIRED)


def _read(resource: OpeningResource, file: BinaryIO, *, dry_run: bool) -> int:
    found = reading.rows(file, COLUMNS, rows_max=ROWS_MAX)
    return rows.store(resource, found, dry_run=dry_run)


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    return file_digest(file, "sha256").hexdigest()
