"""The plans that PostgreSQL takes, those of statements within functions too, as it tells them
itself (auto_explain)."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.embedded import cluster

# Every plan is told, and told of each of its nodes how often it was run.
_TOLD: Final = """
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_analyze = on;
set auto_explain.log_timing = off;
set auto_explain.log_nested_statements = on;
set auto_explain.log_format = json;
set auto_explain.log_level = notice
"""
_SCANS: Final = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"}
_MONTH: Final = re.compile(r"_(y\d{4}m\d{2}|rest)")


class Scan(NamedTuple):
    """A table, or one partition of it, and by which index it is read: "" where by none."""

    table: str
    month: str  # y2026m11, or rest; "" where it is not partitioned
    index: str
    was_run: bool


@contextmanager
def as_superuser() -> Iterator[None]:
    """All is done on a connection of its own, whose one transaction is rolled back."""
    owner, application = connections["owner"], connections["default"]
    settings = owner.settings_dict | {"USER": cluster.SUPERUSER}
    connections["default"] = type(owner)(settings, "default")
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        connections["default"].close()
        connections["default"] = application


@contextmanager
def told(connection: BaseDatabaseWrapper) -> Iterator[list[Scan]]:
    """The scans of tables of the ledger, in what is done meanwhile."""
    scans: list[Scan] = []

    def hear(diagnostic: Any) -> None:
        text = diagnostic.message_primary or ""
        if " plan:\n" in text:
            scans.extend(_scans(json.loads(text[text.index("{") :])["Plan"]))

    with connection.cursor() as cursor:
        cursor.execute(_TOLD)
    connection.connection.add_notice_handler(hear)
    try:
        yield scans
    finally:
        connection.connection.remove_notice_handler(hear)
        with connection.cursor() as cursor:
            cursor.execute("set auto_explain.log_min_duration = -1")


def _scans(node: dict[str, Any], table: str = "") -> Iterator[Scan]:
    kind, own = node["Node Type"], node.get("Relation Name", "")
    # What finds rows for a bitmap names its index only.
    of = table if kind == "Bitmap Index Scan" else own
    if of.startswith("ledger_") and kind in _SCANS:
        month = _MONTH.search(of)
        yield Scan(
            table=_MONTH.sub("", of),
            month=month[1] if month else "",
            index=_MONTH.sub("", node.get("Index Name", "")),
            was_run=node.get("Actual Loops", 0) > 0,
        )
    for below in node.get("Plans", ()):
        yield from _scans(below, own or table)
