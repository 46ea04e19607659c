"""Everything of a month in one ZIP: reports, exports, what tied, the close and the rules in force.

It is read in one snapshot and written file by file, so that memory stays flat. Of a closed month it
is the same bytes each time, as long as the policy is: its files are dated by the close.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from tempfile import TemporaryFile
from typing import IO, Any, Final, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.db import connection, transaction
from django.forms.models import model_to_dict

from billing import findings
from billing.books import engine, exports, tie_outs
from billing.books.cohorts import last_day
from billing.books.exports.errors import NotExported
from billing.books.exports.journal import journals
from billing.books.reports import REPORTS, csv
from billing.books.rows import value
from billing.models import CloseStep, Period, PeriodState, Policy

CHUNK: Final = 64 * 1024
MANIFEST: Final = "MANIFEST.sha256"


class Entry(NamedTuple):
    name: str
    parts: Iterator[bytes]
    what: str


def write(month: date, to: IO[bytes]) -> None:
    """The ZIP, onto a file that need not be able to go back."""
    with _snapshot():
        made_at = _made_at(month)
        sums: list[tuple[str, str]] = []
        told: list[str] = []
        with ZipFile(to, "w", ZIP_DEFLATED) as archive:
            for entry in _entries(month, made_at):
                sums.append((_add(archive, entry, made_at), entry.name))
                told.append(f"{entry.name}\n    {entry.what}")
            readme = _text("README.txt", _readme(month, made_at, told), "This file")
            sums.append((_add(archive, readme, made_at), readme.name))
            listed = "".join(f"{digest}  {name}\n" for digest, name in sorted(sums, key=_by_name))
            _add(archive, _text(MANIFEST, listed, "Sums"), made_at)


def stream(month: date) -> Iterator[bytes]:
    """The same, in parts: it is made at once, so that nobody's slow line holds the database."""
    with TemporaryFile() as file:
        write(month, file)
        file.seek(0)
        while part := file.read(CHUNK):
            yield part


@contextmanager
def _snapshot() -> Iterator[None]:
    """One moment for all of it, unless there is a transaction already."""
    inside = connection.in_atomic_block
    with transaction.atomic():
        if not inside:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read")
        yield


def _entries(month: date, made_at: datetime) -> Iterator[Entry]:
    yield from _reports(month, made_at)
    for name in exports.EXPORTS:
        yield from _export(month, name)
    yield from _close(month)
    yield _json("policy.json", _policy(), "The policy as it is now (accounting settings)")
    yield _json("estimates.json", _estimates(month), "The estimate in force of each cohort")


def _reports(month: date, made_at: datetime) -> Iterator[Entry]:
    # What draws takes long to load.
    from billing.books.reports import pdf

    for slug, report in REPORTS.items():
        tables = report.report(month)
        for table in tables:
            yield Entry(f"reports/{table.name}.csv", csv.stream(table), table.title)
        paper = pdf.render(report.title, month, tables, made_at=made_at)
        yield Entry(f"reports/{slug}.pdf", iter([paper]), report.why)


def _export(month: date, target: str) -> Iterator[Entry]:
    """One that is refused says why in its place."""
    title = exports.EXPORTS[target].title
    for currency in exports.currencies(month):
        try:
            for file in exports.files(month, target, currency):
                what = f"Journals in {currency} for {title}"
                yield Entry(f"exports/{file.name}", file.lines, what)
        except NotExported as error:
            name = f"exports/{target}-{month:%Y-%m}-{currency}.refused.txt"
            yield _text(name, f"{error.code}: {error}\n", f"Why there is none for {title}")


def _close(month: date) -> Iterator[Entry]:
    steps = list(CloseStep.objects.filter(period_id=month).select_related("by").order_by("id"))
    told = [
        {
            "step": step.name,
            "ok": step.ok,
            "told": step.told,
            "started_at": step.started_at,
            "finished_at": step.finished_at,
            "by": step.by.email if step.by else None,
        }
        for step in steps
    ]
    yield _json("close.json", {"state": _state(month), "steps": told}, "The steps of the close")
    tied = [step.findings for step in steps if step.name == "tie-outs"]
    found = (
        tied[-1]
        if tied and _state(month) == PeriodState.CLOSED
        else [findings.kept(finding) for finding in tie_outs.run(month, last_day(month))]
    )
    yield _json("tie-outs.json", found, "What must tie, and the rows that break it")


def _policy() -> dict[str, Any]:
    zone = value("select time_zone from ledger_books")
    return {**model_to_dict(Policy.current()), "time_zone": zone}


def _estimates(month: date) -> list[dict[str, Any]]:
    found = engine.latest_estimates(last_day(month))
    return [{"version": str(one), **model_to_dict(one)} for _, one in sorted(found.items())]


def _state(month: date) -> str:
    period = Period.objects.filter(month=month).first()
    return period.state if period else PeriodState.OPEN.value


def _made_at(month: date) -> datetime:
    """Of a closed month the instant of its close."""
    period = Period.objects.filter(month=month, state=PeriodState.CLOSED).first()
    at: datetime = period.closed_at if period and period.closed_at else value("select ledger_now()")
    return at.astimezone(UTC)


def _add(archive: ZipFile, entry: Entry, made_at: datetime) -> str:
    """Its SHA-256."""
    info = ZipInfo(entry.name, made_at.timetuple()[:6])
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    digest = hashlib.sha256()
    with archive.open(info, "w") as file:
        for part in entry.parts:
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def _readme(month: date, made_at: datetime, told: list[str]) -> str:
    balanced = {one.id for one in journals(month)}
    return "\n".join(
        [
            f"The books of {month:%B %Y}",
            "",
            f"State of the month: {_state(month)}. Made at {made_at:%Y-%m-%d %H:%M} UTC.",
            "Amounts are decimal strings of the currency in the file's name; credits have up to",
            "six decimals. Postings count for the month of their posting date. Journals have the",
            "same names each time, so that one that is imported again takes its own place:",
            f"{', '.join(sorted(balanced)) or 'there are none'}.",
            f"{MANIFEST} has the SHA-256 of every file: check it with sha256sum -c {MANIFEST}.",
            "",
            *told,
            "",
        ]
    )


def _text(name: str, text: str, what: str) -> Entry:
    return Entry(name, iter([text.encode()]), what)


def _json(name: str, content: Any, what: str) -> Entry:
    return _text(name, json.dumps(content, indent=2, default=str) + "\n", what)


def _by_name(one: tuple[str, str]) -> str:
    return one[1]
