"""What was spent while Drawdown was unreachable: kept in a file until it is posted, exactly once.

Each entry is a usage event, whose source and id name it for 30 days: sent again, it is a duplicate.
The file survives a crash of the process and of the machine (SQLite, synchronous=FULL).
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from drawdown.database import Database
from drawdown.ids import uuid7

LIST_MAX: Final = 1000
_SCHEMA = """
create table if not exists source (name text not null);
create table if not exists entry (
    id text primary key,
    customer text not null,
    credits text not null,
    event text not null,
    problem text
);
create table if not exists late_commit (
    key text primary key,
    reservation text not null,
    fields text not null,
    event text not null,
    problem text
);
create index if not exists entry_customer on entry (customer) where problem is null;
"""

_INSERT = "insert into entry (id, customer, credits, event) values (?, ?, ?, ?)"
_INSERT_ONCE = _INSERT.replace("insert", "insert or ignore", 1)


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    customer: str
    credits: Decimal
    event: Mapping[str, Any]
    problem: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class LateCommit:
    """The end of a hold that was not answered: sent again under its own key until it is. `event`
    tells of the same work, where the hold has expired meanwhile."""

    key: str
    reservation: str
    fields: Mapping[str, Any]
    event: Mapping[str, Any]
    problem: Mapping[str, Any] | None = None


class Journal:
    """One file for each process, or for several: SQLite locks it."""

    def __init__(self, path: str | Path) -> None:
        self._database = Database(path, _SCHEMA)
        with self._database.changing() as connection:
            self.source = _named(connection)

    def write(
        self, *, customer: str, endpoint: str, credits: Decimal, data: Mapping[str, Any]
    ) -> Entry:
        """Durable when it returns. `credits` is what it counts as against the bound."""
        id = str(uuid7())
        event = self._event(id, customer, endpoint, data)
        with self._database.changing() as connection:
            connection.execute(_INSERT, (id, customer, str(credits), json.dumps(event)))
        return Entry(id, customer, credits, event)

    def write_once(self, id: str, *, customer: str, endpoint: str, data: Mapping[str, Any]) -> None:
        """Under a name of its own, by which the service knows it if it was posted before. Durable
        when it returns."""
        event = self._event(id, customer, endpoint, data)
        with self._database.changing() as connection:
            connection.execute(_INSERT_ONCE, (id, customer, "0", json.dumps(event)))

    def write_commit(
        self,
        *,
        key: str,
        reservation: str,
        fields: Mapping[str, Any],
        customer: str,
        endpoint: str,
        data: Mapping[str, Any],
    ) -> None:
        """Durable when it returns. `data` is what an event tells in its place."""
        event = self._event(key, customer, endpoint, data)
        with self._database.changing() as connection:
            connection.execute(
                "insert or ignore into late_commit (key, reservation, fields, event)"
                " values (?, ?, ?, ?)",
                (key, reservation, json.dumps(fields), json.dumps(event)),
            )

    def late_commits(self, *, after: str = "", limit: int = LIST_MAX) -> list[LateCommit]:
        """To be sent, the oldest first; those after this key."""
        return self._commits("where problem is null and key > ? order by key limit ?", after, limit)

    def rejected_commits(self) -> list[LateCommit]:
        return self._commits("where problem is not null order by key")

    def end_commit(self, late: LateCommit, *, problem: Mapping[str, Any] | None = None) -> None:
        """It was done; or it was refused, and stays, with why."""
        with self._database.changing() as connection:
            if problem is None:
                connection.execute("delete from late_commit where key = ?", (late.key,))
            else:
                row = (json.dumps(problem), late.key)
                connection.execute("update late_commit set problem = ? where key = ?", row)

    def turn_into_event(self, late: LateCommit) -> None:
        """Its hold has expired meanwhile: what was done is reported, in its place. Done twice,
        once."""
        row = (late.key, late.event["subject"], "0", json.dumps(late.event))
        with self._database.changing() as connection:
            gone = connection.execute("delete from late_commit where key = ?", (late.key,))
            if gone.rowcount:
                connection.execute(_INSERT, row)

    def waiting(self, limit: int = LIST_MAX) -> list[Entry]:
        """To be posted, the oldest first."""
        return self._entries("where problem is null order by id limit ?", limit)

    def rejected(self) -> list[Entry]:
        """What the service would not take, each with its problem: for somebody to look at."""
        return self._entries("where problem is not null order by id")

    def owed(self, customer: str) -> Decimal:
        """Credits of this customer that wait."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select credits from entry where problem is null and customer = ?", (customer,)
            ).fetchall()
        return sum((Decimal(credits) for (credits,) in rows), Decimal(0))

    def settle(self, entries: Sequence[Entry], results: Iterable[Mapping[str, Any]]) -> None:
        """What was accepted, now or before, is gone; what was rejected stays, with why. Raises
        ValueError, and settles nothing, where it is not one result for each."""
        with self._database.changing() as connection:
            for entry, result in zip(entries, results, strict=True):
                _settle(connection, entry, result)

    def forget(self, id: str) -> None:
        """Of a rejected one, when somebody has dealt with it."""
        with self._database.changing() as connection:
            connection.execute("delete from entry where id = ? and problem is not null", (id,))

    def close(self) -> None:
        self._database.close()

    def _event(
        self, id: str, customer: str, endpoint: str, data: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": id,
            "source": self.source,
            "type": endpoint,
            "subject": customer,
            "time": datetime.now(UTC).isoformat(),
            "data": dict(data),
        }

    def _commits(self, which: str, *values: object) -> list[LateCommit]:
        rows = self._rows(
            "key, reservation, fields, event, problem from late_commit", which, values
        )
        return [
            LateCommit(
                key, hold, json.loads(fields), json.loads(event), json.loads(problem or "null")
            )
            for key, hold, fields, event, problem in rows
        ]

    def _entries(self, which: str, *values: object) -> list[Entry]:
        rows = self._rows("id, customer, credits, event, problem from entry", which, values)
        return [
            Entry(id, customer, Decimal(credits), json.loads(event), json.loads(problem or "null"))
            for id, customer, credits, event, problem in rows
        ]

    def _rows(self, what: str, which: str, values: Sequence[Any]) -> list[Any]:
        with self._database.reading() as connection:
            return connection.execute(f"select {what} {which}", values).fetchall()


def _settle(connection: sqlite3.Connection, entry: Entry, result: Mapping[str, Any]) -> None:
    if result["status"] == "rejected":
        told = json.dumps(result["problem"])
        connection.execute("update entry set problem = ? where id = ?", (told, entry.id))
    else:
        connection.execute("delete from entry where id = ?", (entry.id,))


def _named(connection: sqlite3.Connection) -> str:
    """Where its events come from: the same for as long as the file lives."""
    row = connection.execute("select name from source").fetchone()
    if row is None:
        row = (f"/drawdown-client/{uuid7()}",)
        connection.execute("insert into source values (?)", row)
    return str(row[0])
