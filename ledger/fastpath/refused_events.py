"""The list of usage events that their customers could not cover, for the provider to look at.

It is written before the sender is answered: who got no answer sends again, and is listed then.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import psycopg

from ledger.fastpath.database import Line, Row
from ledger.fastpath.party import Answer
from ledger.fastpath.refusals import Unavailable
from ledger.fastpath.reporting import Reported, answered

# One that was dismissed is not refused for want of credits again: the core knows its key.
_NOTE: Final = """
insert into ledger_refusedevent as r (customer_id, key, service_id, source, event_id, endpoint,
    happened_at, event, operation, reason, required, available)
select customer_id, key, service_id, source, event_id, endpoint, happened_at, event, operation,
    reason, required, available
from jsonb_to_recordset(%s::jsonb) x(customer_id uuid, key uuid, service_id integer, source text,
    event_id text, endpoint text, happened_at timestamptz, event jsonb, operation jsonb,
    reason text, required bigint, available bigint)
order by customer_id, key
on conflict (customer_id, key) do update set times = r.times + 1, last_at = clock_timestamp(),
    event = excluded.event, operation = excluded.operation, endpoint = excluded.endpoint,
    happened_at = excluded.happened_at, reason = excluded.reason, required = excluded.required,
    available = excluded.available
where r.state = 'waiting'
"""

_encode = msgspec.json.Encoder().encode


class RefusedEvents:
    def __init__(self, line: Line) -> None:
        self._line = line

    async def note(self, asked: Sequence[Reported], found: Sequence[Answer]) -> None:
        """Raises Unavailable: then nobody may be told that they were refused."""
        refused = {
            (row["customer_id"], row["key"]): row
            for one, answer in answered(asked, found)
            if isinstance(answer, Row) and answer.code == "insufficient-credits"
            for row in [_row(one, answer)]
        }
        if not refused:
            return
        try:
            await self._line.rows(_NOTE, [_encode(list(refused.values())).decode()])
        except psycopg.Error as error:
            raise Unavailable from error


def _row(one: Reported, answer: Row) -> dict[str, Any]:
    operation, event = one.operation, one.event
    assert operation is not None
    return {
        "customer_id": operation.customer_id,
        "key": operation.key,
        "service_id": operation.service_id,
        "source": event.source,
        "event_id": event.id,
        "endpoint": event.type,
        "happened_at": operation.happened_at,
        "event": event,
        "operation": operation,
        "reason": answer.code,
        "required": int(answer.required or 0),
        "available": int(answer.available or 0),
    }
