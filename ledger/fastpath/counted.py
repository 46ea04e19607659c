"""How requests were answered, counted for staff over all processes and for months.

Answering adds one to a number of this process. Every few seconds these are added to rows of five
minutes each, beside the answers; what was not added yet is lost where a process is killed: counts,
and never credits or money. Whoever asks the same again is not counted again, and what a sandbox
asks is not counted.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from ledger.fastpath.calls import Asked, Refusal
from ledger.fastpath.database import Line
from ledger.fastpath.directory import Directory
from ledger.fastpath.http import REPLAYED, Reply
from ledger.fastpath.reporting import EventResult, Reported
from ledger.fastpath.routes import BATCH

FLUSH_SECONDS: Final = 3
EVENT: Final = "event"
_GRANTED: Final = ""
_REFUSED: Final = 400
# In one order in all processes, so that none waits for another that waits for it.
_ADD: Final = """
insert into ledger_answercount as a (since, operation, reason, count)
select date_bin('5 minutes', ledger_now(), '2000-01-01Z'), operation, reason, count
from jsonb_to_recordset(%s::jsonb) x(operation text, reason text, count bigint)
order by operation, reason
on conflict (since, operation, reason) do update set count = a.count + excluded.count
"""

logger = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class AnswerCounts:
    def __init__(self, line: Line, directory: Directory) -> None:
        self._line = line
        self._directory = directory
        self._counts: Counter[tuple[str, str]] = Counter()

    def note(self, operation: str, reply: Reply) -> None:
        if REPLAYED not in reply.headers:
            reason = reply.code if reply.status >= _REFUSED else _GRANTED
            self._counts[operation, reason] += 1

    def note_batch(
        self, items: Sequence[Any], asked: Sequence[Asked | Refusal], replies: Sequence[Reply]
    ) -> None:
        for item, one, reply in zip(items, asked, replies, strict=True):
            if not (isinstance(one, Asked) and self.is_test(one)):
                self.note(_operation(item, one), reply)

    def note_events(
        self, asked: Sequence[Reported], results: Sequence[EventResult], codes: Iterable[str]
    ) -> None:
        """`codes` are those of the refusals, in their order."""
        following = iter(codes)
        for one, result in zip(asked, results, strict=True):
            if one.repeats is not None or result.status == "duplicate":
                continue
            reason = next(following) if result.status == "rejected" else _GRANTED
            operation = one.operation
            if operation is None or not self._directory.is_sandbox(operation.customer_id):
                self._counts[EVENT, reason] += 1

    def is_test(self, asked: Asked) -> bool:
        return self._directory.is_sandbox(asked.operation.customer_id)

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """What cannot be added now is added the next time."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        rows = [
            {"operation": operation, "reason": reason, "count": count}
            for (operation, reason), count in counts.items()
        ]
        try:
            await self._line.rows(_ADD, [_encode(rows).decode()])
        except Exception as error:
            self._counts.update(counts)
            logger.warning("Answers are counted later: %s", error)


def _operation(item: Any, asked: Asked | Refusal) -> str:
    if isinstance(asked, Asked):
        return str(item["op"])
    named = item.get("op") if isinstance(item, dict) else None
    return named if named in ("reserve", "commit", "release", "debit") else BATCH
