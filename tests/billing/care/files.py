"""Files of opening balances, and who uploads and approves them."""

import io
from itertools import count

from accounts.models import User
from billing.care.openings import applying, deciding, uploading
from billing.models import OpeningImport

HEADER = (
    "reference,customer_id,external_id,email,name,kind,credits,currency,deferred,"
    "purchased_at,expires_at"
)
_numbers = count(1)


def person() -> User:
    return User.objects.create_superuser(f"staff{next(_numbers)}@provider.example")


def sheet(*rows: str, header: str = HEADER) -> io.BytesIO:
    return io.BytesIO("\r\n".join([header, *rows]).encode())


def uploaded(*rows: str, header: str = HEADER, by: User | None = None) -> OpeningImport:
    by = by or person()
    return uploading.upload(sheet(*rows, header=header), name="old-system.csv", by=by)


def entered(
    *rows: str, header: str = HEADER, by: tuple[User | None, User | None] = (None, None)
) -> OpeningImport:
    asker, decider = by
    batch = deciding.approve(uploaded(*rows, header=header, by=asker).id, by=decider or person())
    applying.run(batch)
    return batch
