"""The debit API's writes, beside Django: decode, ask who, price, and hand to the gatherer.

Read on in `desk.py` and `reserving.py` (who pays, how much: `prices/pricing.py`), `gatherer.py`
(with whom an operation travels) and `ledger/sql` (what is decided).
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any, Final

from accounts.errors import AccountsError
from accounts.idempotency_keys import sent
from accounts.ids import CUSTOMER, encode
from accounts.request_ids import CURRENT, request_id
from accounts.request_log import NAME_MAX, Log, RequestLine, begin, finish
from ledger.errors import LedgerError
from ledger.fastpath import batch, cloudevents, desk, replies, reporting
from ledger.fastpath.calls import WRITE, Asked, Call, Memory, Refusal, Sender, check_scope
from ledger.fastpath.catalogue import Catalogue
from ledger.fastpath.cloudevents import Bad, Event
from ledger.fastpath.counted import EVENT, AnswerCounts
from ledger.fastpath.database import Line
from ledger.fastpath.directory import Directory
from ledger.fastpath.gatherer import Gatherer
from ledger.fastpath.http import (
    JSON,
    Application,
    ClientGone,
    Receive,
    Reply,
    Scope,
    Send,
    address,
    decode,
    read_body,
    send_reply,
)
from ledger.fastpath.party import Answer
from ledger.fastpath.problems import Kind, Problems
from ledger.fastpath.refusals import Failed, Unavailable, WrongMethod
from ledger.fastpath.refused_events import RefusedEvents
from ledger.fastpath.routes import BATCH, EVENTS, LISTS, SETTLE, Route, find
from ledger.fastpath.usage_terms import UsageTerms
from ledger.fastpath.waker import Waker

BODY_MAX: Final = 1024 * 1024
BATCH_BODY_MAX: Final = 4 * BODY_MAX
REFUSED: Final = 400
# Not a status that anybody is sent.
CLIENT_GONE: Final = 499

logger = logging.getLogger(__name__)


class FastPath:
    """Answers what is its own and passes everything else on.

    `database` holds psycopg's connection parameters for the application's role; `problems` gives
    each code of a refusal its HTTP status; `log` is given a line for each request.
    """

    def __init__(
        self,
        otherwise: Application,
        *,
        database: Mapping[str, Any],
        pepper: bytes,
        problems: Mapping[str, Kind],
        top_up_url: str,
        log: Log,
    ) -> None:
        self._otherwise = otherwise
        self._lines = reads, polls, wakes = Line(database), Line(database), Line(database)
        catalogue, usage_terms = Catalogue(reads), UsageTerms(reads)

        async def also_poll(polls: Line) -> None:
            await catalogue.refresh(polls)
            await usage_terms.refresh(polls)

        directory = Directory(reads, polls, pepper=pepper, also_poll=also_poll)
        self._memory = Memory(directory, catalogue, usage_terms)
        self._refused = RefusedEvents(reads)
        self._answers = AnswerCounts(polls, directory)
        self._waker = Waker(wakes)
        self._gatherer = Gatherer(database, self._waker)
        self._problems = Problems(problems)
        self._top_up_url = top_up_url
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and (route := find(scope["method"], scope["path"])):
            await self._serve(route, scope, receive, send)
        else:
            await self._otherwise(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        tasks = [
            asyncio.create_task(self._memory.directory.run()),
            asyncio.create_task(self._gatherer.run()),
            asyncio.create_task(self._waker.run()),
            asyncio.create_task(self._answers.run()),
        ]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._gatherer.close()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._memory.directory.touch()
        await self._answers.flush()
        for line in self._lines:
            await line.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        name = request_id(headers.get(b"x-request-id", b"").decode("latin-1"))
        CURRENT.set(name)
        began, line = perf_counter(), begin(name, scope["method"], scope["path"])
        try:
            reply = await self._reply(route, scope, headers, receive, line)
        except ClientGone:
            finish(line, status=CLIENT_GONE, began=began)
            self._log(line)
            return
        except (AccountsError, LedgerError) as refusal:
            reply = self._problems.reply(refusal, name)
        except asyncio.CancelledError:
            # Only a server that stops cancels requests; it would answer them as plain text.
            reply = self._problems.reply(Unavailable("The service is stopping."), name)
        except Exception:
            logger.exception("A request failed.")
            reply = self._problems.reply(Failed(), name)
        if route.op not in LISTS or reply.status >= REFUSED:
            self._count(route, line, reply)
        await send_reply(send, reply, name)
        finish(line, status=reply.status, began=began)
        line.code = reply.code
        line.reservation = reply.reservation or line.reservation
        self._log(line)

    def _count(self, route: Route, line: RequestLine, reply: Reply) -> None:
        if not line.is_test:
            self._answers.note(EVENT if route.op == EVENTS else route.op, reply)

    async def _reply(
        self,
        route: Route,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        line: RequestLine,
    ) -> Reply:
        """Raises AccountsError, LedgerError, ClientGone."""
        line.route, line.reservation = route.op, route.reservation[:NAME_MAX]
        key = await self._memory.directory.caller(headers.get(b"authorization"))
        line.service = key.service_id
        sender = Sender(key, line.request_id, address(scope))
        if scope["method"] != "POST":
            raise WrongMethod
        if route.op == BATCH:
            operations = decode(await read_body(headers, receive, limit=BATCH_BODY_MAX))
            return await self._batch(sender, operations, line)
        if route.op == EVENTS:
            events = await read_body(headers, receive, limit=BATCH_BODY_MAX)
            return await self._events(sender, cloudevents.read(headers, events), line)
        call = Call(
            sender=sender,
            op=route.op,
            path=scope["path"],
            reservation=route.reservation,
            body=decode(await read_body(headers, receive, limit=BODY_MAX)),
            key="" if route.op == SETTLE else sent(scope["headers"]),
        )
        asked = await desk.ask(self._memory, call)
        line.customer = encode(CUSTOMER, asked.operation.customer_id)
        line.is_test = self._answers.is_test(asked)
        (answer,) = await self._gatherer.do([asked.operation])
        return await replies.reply(self._memory, asked, answer, top_up_url=self._top_up_url)

    async def _batch(self, sender: Sender, body: object, line: RequestLine) -> Reply:
        listed = batch.operations(body)
        asked = await batch.ask(self._memory, sender, listed)
        operations = [item.operation for item in asked if isinstance(item, Asked)]
        found = iter(await self._gatherer.do(operations) if operations else ())
        items = [await self._item(item, found, sender.request_id) for item in asked]
        self._answers.note_batch(listed, asked, items)
        line.operations, line.codes = len(items), dict(Counter(item.code for item in items))
        return Reply(200, batch.body(items), [JSON])

    async def _item(self, item: Asked | Refusal, found: Iterator[Answer], name: str) -> Reply:
        try:
            if not isinstance(item, Asked):
                raise item
            return await replies.reply(self._memory, item, next(found), top_up_url=self._top_up_url)
        except (AccountsError, LedgerError) as refusal:
            return self._problems.reply(refusal, name)

    async def _events(
        self, sender: Sender, events: Sequence[Event | Bad], line: RequestLine
    ) -> Reply:
        check_scope(sender.key, WRITE)
        asked = await reporting.ask(self._memory, sender, events)
        operations = reporting.operations(asked)
        found = await self._gatherer.do(operations) if operations else []
        reporting.check_decided(found)
        codes: list[str] = []

        def problem(refusal: Refusal) -> Reply:
            codes.append(refusal.code)
            return self._problems.reply(refusal, sender.request_id)

        results = reporting.results(asked, found, problem, top_up_url=self._top_up_url)
        await self._refused.note(asked, found)
        self._answers.note_events(asked, results, codes)
        line.operations, line.codes = len(results), dict(Counter(one.status for one in results))
        return Reply(202, reporting.body(results), [JSON])
