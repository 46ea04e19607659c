"""Heads of chains as files, to be kept where nobody of ours can change them."""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from accounts import ids
from accounts.errors import InvalidId
from ledger.seals import Head

HEADER: Final = ("customer", "version", "digest", "sealed_at")


class UnreadableHeads(Exception):
    """A file that no head can be read from: which, and why."""


def row(head: Head) -> tuple[str, str, str, str]:
    customer = ids.encode(ids.CUSTOMER, head.customer_id)
    return customer, str(head.version), head.digest, head.sealed_at.isoformat()


def read(path: Path) -> list[Head]:
    """CSV, or JSON, as they were exported. Raises UnreadableHeads, which names the row."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = list(_rows(text))
    except (OSError, ValueError, csv.Error) as error:
        raise UnreadableHeads(f"{path} cannot be read: {error}") from error
    return [_head(one, number) for number, one in enumerate(found, start=1)]


def _rows(text: str) -> Iterator[Mapping[str, Any]]:
    """Raises ValueError."""
    if not text.lstrip().startswith("["):
        reader = csv.DictReader(text.splitlines())
        if tuple(reader.fieldnames or ()) != HEADER:
            raise ValueError(f"its columns are not {', '.join(HEADER)}")
        yield from reader
        return
    yield from json.loads(text)


def _head(one: Mapping[str, Any], number: int) -> Head:
    try:
        return Head(
            ids.decode(ids.CUSTOMER, str(one["customer"])),
            int(one["version"]),
            str(one["digest"]),
            datetime.fromisoformat(str(one["sealed_at"])),
        )
    except (KeyError, TypeError, ValueError, InvalidId) as error:
        raise UnreadableHeads(f"Head {number} is not one that was exported.") from error
