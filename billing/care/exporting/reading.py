"""Tables as CSV, by PostgreSQL's own COPY: a million rows pass through, and none is kept."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from accounts.models import Customer
from billing import documents
from billing.care.exporting.files import FILES, HIDDEN
from billing.care.exporting.packing import Entry, packed
from billing.models import Document
from ledger import selectors

_COLUMNS: Final = """
select attname, format_type(atttypid, null) from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum
"""
_TEXTS: Final = ("text", "character varying", "jsonb")
# What a spreadsheet takes for a formula has an apostrophe before it: it is text.
_SAFE: Final = sql.SQL("regexp_replace({0}::text, '^([=+@\\t\\r\\n-])', '''\\1') as {0}")
README: Final = """All that {seller} keeps of {name} ({id}), as of {at:%Y-%m-%d %H:%M} UTC.

One CSV file for each kind of thing: UTF-8, the first line names the columns, times are UTC.
Credits are in millionths, money in the smallest unit of its currency. An apostrophe before =, +, -
or @ says that a cell is text. The documents are PDF files beside. Keys' and webhooks' secrets, and
passwords, are left out: of most of them only a digest is kept.
"""


def archive(customer: Customer, *, seller: str) -> Iterator[bytes]:
    """In one look at the database, so that all files agree."""
    at, is_first = selectors.now(), not connection.in_atomic_block
    with transaction.atomic():
        if is_first:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        yield from packed(_entries(customer, at, seller), at)


def _entries(customer: Customer, at: datetime, seller: str) -> Iterator[Entry]:
    told = README.format(seller=seller, name=customer.name, id=customer.id, at=at)
    yield Entry("README.txt", [told.encode()])
    for name, (table, where, order) in FILES.items():
        yield Entry(f"{name}.csv", _rows(table, where, order, customer.id))
    for document in Document.objects.filter(customer=customer).order_by("id").iterator(100):
        yield Entry(f"documents/{document.name}.pdf", [documents.pdf(document)])


def _rows(table: str, where: str, order: str, customer_id: UUID) -> Iterator[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [table])
        columns = cursor.fetchall()
        statement = sql.SQL(
            "copy (select {columns} from {table} where {where} order by {order})"
            " to stdout (format csv, header)"
        ).format(
            columns=_selected(columns),
            table=sql.Identifier(table),
            where=sql.SQL(where.replace("%(customer)s", "{0}")).format(sql.Literal(customer_id)),
            order=sql.SQL(order),
        )
        with cursor.connection.cursor() as own, own.copy(statement) as copied:
            yield from (bytes(part) for part in copied)


def _selected(columns: Sequence[Any]) -> sql.Composable:
    """Without secrets; texts so that no spreadsheet takes them for a formula."""
    return sql.SQL(", ").join(
        _SAFE.format(sql.Identifier(name)) if kind in _TEXTS else sql.Identifier(name)
        for name, kind in columns
        if name not in HIDDEN
    )
