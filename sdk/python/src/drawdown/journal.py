"""What was spent while Drawdown was unreachable: kept in a file until it is posted, exactly once.

Each entry is a usage event, whose source and id name it for 30 days: sent again, it is a duplicate.
The file survives a crash of the process and of the machine (SQLite, synchronous=FULL).
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

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
    customer text not null,
    endpoint text not null,
    problem text
);
create index if not exists entry_customer on entry (customer) where problem is null;
"""

_INSERT = "insert into entry (id, customer, credits, event) values (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    customer: str
    credits: Decimal
    event: Mapping[str, Any]
    problem: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class LateCommit:
    """The end of a hold that was not answered: sent again under its own key until it is."""

    key: str
    reservation: str
    fields: Mapping[str, Any]
    customer: str
    endpoint: str
    problem: Mapping[str, Any] | None = None


class Journal:
    """One file for each process, or for several: SQLite locks it."""

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path, timeout=10, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("pragma journal_mode=wal")
        self._connection.execute("pragma synchronous=full")
        self._connection.executescript(_SCHEMA)
        self.source = self._named()

    def write(
        self, *, customer: str, endpoint: str, credits: Decimal, data: Mapping[str, Any]
    ) -> Entry:
        """Durable when it returns. `credits` is what it counts as against the bound."""
        id, event = self._event(customer, endpoint, data)
        row = (id, customer, str(credits), json.dumps(event))
        with self._lock:
            self._connection.execute(_INSERT, row)
        return Entry(id, customer, credits, event)

    def write_once(self, id: str, *, customer: str, endpoint: str, data: Mapping[str, Any]) -> None:
        """Under a name of its own, by which the service knows it if it was posted before. Durable
        when it returns."""
        _, event = self._event(customer, endpoint, data)
        row = (id, customer, "0", json.dumps(event | {"id": id}))
        with self._lock:
            self._connection.execute(_INSERT.replace("insert", "insert or ignore", 1), row)

    def write_commit(self, late: LateCommit) -> None:
        """Durable when it returns."""
        row = (late.key, late.reservation, json.dumps(late.fields), late.customer, late.endpoint)
        with self._lock:
            self._connection.execute(
                "insert or ignore into late_commit (key, reservation, fields, customer, endpoint)"
                " values (?, ?, ?, ?, ?)",
                row,
            )

    def late_commits(self, limit: int = LIST_MAX) -> list[LateCommit]:
        """To be sent, the oldest first."""
        return self._commits("where problem is null order by key limit ?", (limit,))

    def rejected_commits(self) -> list[LateCommit]:
        return self._commits("where problem is not null order by key", ())

    def end_commit(self, late: LateCommit, *, problem: Mapping[str, Any] | None = None) -> None:
        """It was done; or it was refused, and stays, with why."""
        with self._lock:
            if problem is None:
                self._connection.execute("delete from late_commit where key = ?", (late.key,))
            else:
                row = (json.dumps(problem), late.key)
                self._connection.execute("update late_commit set problem = ? where key = ?", row)

    def turn_into_event(self, late: LateCommit, data: Mapping[str, Any]) -> None:
        """Its hold has expired meanwhile: what was done is reported, in its place."""
        id, event = self._event(late.customer, late.endpoint, data)
        with self._lock:
            self._connection.execute("begin immediate")
            self._connection.execute("delete from late_commit where key = ?", (late.key,))
            self._connection.execute(_INSERT, (id, late.customer, "0", json.dumps(event)))
            self._connection.execute("commit")

    def waiting(self, limit: int = LIST_MAX) -> list[Entry]:
        """To be posted, the oldest first."""
        return self._entries("where problem is null order by id limit ?", (limit,))

    def rejected(self) -> list[Entry]:
        """What the service would not take, each with its problem: for somebody to look at."""
        return self._entries("where problem is not null order by id", ())

    def owed(self, customer: str) -> Decimal:
        """Credits of this customer that wait."""
        with self._lock:
            rows = self._connection.execute(
                "select credits from entry where problem is null and customer = ?", (customer,)
            ).fetchall()
        return sum((Decimal(credits) for (credits,) in rows), Decimal(0))

    def settle(self, entries: Sequence[Entry], results: Iterable[Mapping[str, Any]]) -> None:
        """What was accepted, now or before, is gone; what was rejected stays, with why."""
        with self._lock:
            self._connection.execute("begin immediate")
            for entry, result in zip(entries, results, strict=True):
                self._settle(entry, result)
            self._connection.execute("commit")

    def forget(self, id: str) -> None:
        """Of a rejected one, when somebody has dealt with it."""
        with self._lock:
            self._connection.execute(
                "delete from entry where id = ? and problem is not null", (id,)
            )

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _event(
        self, customer: str, endpoint: str, data: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        id = str(uuid7())
        return id, {
            "specversion": "1.0",
            "id": id,
            "source": self.source,
            "type": endpoint,
            "subject": customer,
            "time": datetime.now(UTC).isoformat(),
            "data": dict(data),
        }

    def _commits(self, which: str, values: tuple[Any, ...]) -> list[LateCommit]:
        columns = "key, reservation, fields, customer, endpoint, problem"
        with self._lock:
            rows = self._connection.execute(
                f"select {columns} from late_commit {which}", values
            ).fetchall()
        return [
            LateCommit(key, hold, json.loads(fields), who, endpoint, json.loads(problem or "null"))
            for key, hold, fields, who, endpoint, problem in rows
        ]

    def _settle(self, entry: Entry, result: Mapping[str, Any]) -> None:
        if result["status"] == "rejected":
            told = json.dumps(result["problem"])
            self._connection.execute("update entry set problem = ? where id = ?", (told, entry.id))
        else:
            self._connection.execute("delete from entry where id = ?", (entry.id,))

    def _entries(self, which: str, values: tuple[Any, ...]) -> list[Entry]:
        with self._lock:
            rows = self._connection.execute(
                f"select id, customer, credits, event, problem from entry {which}", values
            ).fetchall()
        return [
            Entry(id, customer, Decimal(credits), json.loads(event), json.loads(problem or "null"))
            for id, customer, credits, event, problem in rows
        ]

    def _named(self) -> str:
        """Where its events come from: the same for as long as the file lives."""
        with self._lock:
            self._connection.execute("begin immediate")
            row = self._connection.execute("select name from source").fetchone()
            if row is None:
                row = (f"/drawdown-client/{uuid7()}",)
                self._connection.execute("insert into source values (?)", row)
            self._connection.execute("commit")
        return str(row[0])
