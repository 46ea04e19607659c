"""The client for asyncio: the methods of `drawdown.Client`, awaited."""

import asyncio
import logging
from collections.abc import (
    AsyncIterator,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self, TypeVar, Unpack

import httpx

from drawdown import flows, forks, operations, posting
from drawdown.aiolists import Lists
from drawdown.amounts import Credits
from drawdown.answers import Balance, Reservation
from drawdown.charging import AsyncReserving
from drawdown.errors import DrawdownError, Problem, Unreachable
from drawdown.holding import LENGTH, Hold, is_refused
from drawdown.offline import Bound, Open
from drawdown.operations import Operation
from drawdown.retrying import DEFAULT, Retry, may_help
from drawdown.sending import authorization, base, failed
from drawdown.terms import CommitTerms, DebitTerms, ReserveTerms
from drawdown.unwanted import FIRST_PAUSE, Unwanted, may_be_held
from drawdown.wire import Answer, Failed, Flow, Send, Sleep

POST_SECONDS: Final = 1.0
# Closed, they would say good-bye on connections of the parent's.
_FORGOTTEN: Final[list[httpx.AsyncClient]] = []
Result = TypeVar("Result")
logger = logging.getLogger("drawdown")


class AsyncClient(AsyncReserving):
    """For any number of tasks of one event loop. Close it, or use it in `async with`.

    `lists`: concurrent reserves, commits, releases and debits are sent together, which is several
    times as many a second. `offline`: what is sold when Drawdown is away; nothing without.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        retry: Retry = DEFAULT,
        lists: bool = False,
        offline: Open | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._url, self._headers = base(url), authorization(key)
        self.retry = retry
        self._makes_http = http is None
        self._http = http or httpx.AsyncClient()
        self._lists = Lists(self._one, self._many, retry) if lists else None
        self._bound = Bound(offline)
        forks.watch(self)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._poster: asyncio.Task[None] | None = None
        self._unwanted = Unwanted()
        self._releasing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.aclose()

    def begin_anew(self) -> None:
        """In a process that was forked. An `http` of your own is yours to make anew."""
        _FORGOTTEN.append(self._http)
        if self._makes_http:
            self._http = httpx.AsyncClient()
        if self._lists:
            self._lists = Lists(self._one, self._many, self.retry)
        self._tasks, self._poster = set(), None
        self._unwanted, self._releasing = Unwanted(), None

    async def aclose(self) -> None:
        """When what it does by itself, such as the release of holds, is done."""
        while waiting := self._tasks - {self._poster, self._releasing}:
            await asyncio.wait(waiting)
        for endless in (self._poster, self._releasing):
            if endless:
                endless.cancel()
        if self._unwanted:
            await self.run(self._unwanted.release_all(self.retry))
        await self._http.aclose()

    @asynccontextmanager
    async def reserve(
        self,
        customer: str | None = None,
        endpoint: str | None = None,
        **terms: Unpack[ReserveTerms],
    ) -> AsyncIterator[Hold]:
        """Hold what the call costs; commit when the block ends, release when it raises or is
        cancelled; extend while it works. `hold.use(...)` says what the work came to.

        Raises the problem that Drawdown refuses with (PaymentRequired, TooManyRequests, ...),
        Unreachable, and at the end the commit's: Unreachable where it may not have been done.
        """
        hold = await self._begin(operations.reserve(customer, endpoint, **terms), terms)
        extending = self._extend_later(hold)
        try:
            yield hold
        except BaseException:
            await self._cancel(hold)
            raise
        else:
            await self._settle(hold)
        finally:
            hold.has_ended = True
            if extending:
                extending.cancel()

    async def debit(
        self,
        customer: str | None = None,
        endpoint: str | None = None,
        **terms: Unpack[DebitTerms],
    ) -> Reservation:
        """Hold and commit in one, where the cost is known before."""
        return await self.operate(operations.debit(customer, endpoint, **terms))

    async def commit(self, reservation: str, **terms: Unpack[CommitTerms]) -> Reservation:
        return await self.operate(operations.commit(reservation, **terms))

    async def release(self, reservation: str, *, key: str | None = None) -> Reservation:
        return await self.operate(operations.release(reservation, key=key))

    async def extend(self, reservation: str, *, expires_in: timedelta) -> Reservation:
        """So long from now."""
        return await self.operate(operations.extend(reservation, expires_in=expires_in))

    async def reverse(
        self,
        reservation: str,
        *,
        reason: str,
        amount: Credits | None = None,
        key: str | None = None,
    ) -> Reservation:
        """Gives committed credits back to the lots that they came from."""
        return await self.operate(
            operations.reverse(reservation, reason=reason, amount=amount, key=key)
        )

    async def operate(self, operation: Operation) -> Reservation:
        """One operation, made before: the same one sent again is done once."""
        if self._lists and operation.name:
            return await self._lists.operate(operation)
        return await self._one(operation, self.retry)

    async def operate_list(self, made: Sequence[Operation]) -> list[Reservation | Problem]:
        """1,000 at most, in order; each succeeds or fails by itself."""
        return await self._many([operation.item() for operation in made])

    async def report(self, events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """CloudEvents of work that is done already, 1,000 at most; sent again, a duplicate."""
        return await self.run(flows.report(list(events), self.retry))

    async def reservation(self, id: str) -> Reservation:
        return await self.run(flows.reservation(id, self.retry))

    async def balance(self, customer: str) -> Balance:
        return await self.run(flows.balance(customer, self.retry))

    async def get(self, path: str, **query: Any) -> Any:
        """Whatever else the API reads, such as `/v1/endpoints`."""
        return await self.run(flows.get(path, self.retry, query))

    async def post(self, path: str, body: object, *, key: str | None = None) -> Any:
        """Whatever else the API writes, under this idempotency key."""
        return await self.run(flows.post(path, body, self.retry, key))

    async def run(self, flow: Flow[Result]) -> Result:
        came: Answer | Failed | None = None
        while True:
            try:
                step = flow.send(came)
            except StopIteration as stop:
                result: Result = stop.value
                return result
            came = await self._step(step)

    async def post_journal(self) -> int:
        """How many entries were posted, or found to be posted before. Raises DrawdownError."""
        if self._bound.policy is None:
            return 0
        posted = await self.run(posting.post(self._bound.policy.journal, self.retry))
        if posted:
            self._bound.is_there()
        return posted

    async def _step(self, step: Send | Sleep) -> Answer | Failed | None:
        if isinstance(step, Sleep):
            await asyncio.sleep(step.seconds)
            return None
        request = step.request
        try:
            async with asyncio.timeout(step.timeout):
                answer = await self._http.request(
                    request.method,
                    self._url + request.path,
                    content=request.content(),
                    params=request.query or None,
                    headers=self._headers | request.headers(),
                    timeout=step.timeout,
                )
        except (httpx.HTTPError, TimeoutError) as error:
            return failed(error)
        return Answer(answer.status_code, dict(answer.headers), answer.content)

    async def _one(self, operation: Operation, retry: Retry) -> Reservation:
        return await self.run(flows.operate(operation, retry))

    async def _many(self, items: Sequence[bytes]) -> list[Reservation | Problem]:
        return await self.run(flows.operate_list(items, self.retry))

    async def _begin(self, operation: Operation, terms: ReserveTerms) -> Hold:
        self._post_by_itself()
        length = terms.get("expires_in") or LENGTH
        try:
            reservation = await self._reserve(operation)
        except DrawdownError as error:
            if may_be_held(error):
                self._release_later(operation)
            return Hold(operation, None, length, offline=self._bound.let(operation, error))
        self._bound.answered(operation, reservation.customer)
        return Hold(operation, reservation, length)

    async def _reserve(self, operation: Operation) -> Reservation:
        """Whoever is cancelled meanwhile leaves no hold behind."""
        task = self._start(self.operate(operation))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await self._to_its_end(self._give_back(operation, task))
            raise

    async def _give_back(self, operation: Operation, task: asyncio.Task[Reservation]) -> None:
        try:
            await self._release(Hold(operation, await task))
        except Exception as error:
            if may_be_held(error):
                self._release_later(operation)

    async def _settle(self, hold: Hold) -> None:
        if hold.offline:
            self._bound.spent(hold.offline, hold.settlement)
        elif hold.settled is None:
            # Whoever is cancelled while this is on its way has done the work.
            await self._to_its_end(self._commit(hold))

    async def _commit(self, hold: Hold) -> None:
        commit = hold.commits()
        try:
            hold.settled = await self.operate(commit)
        except DrawdownError as error:
            if is_refused(error):
                await self._release(hold)
            self._bound.commit_later(hold, commit, error)

    async def _cancel(self, hold: Hold) -> None:
        """Where this fails it is done later: what is raised already matters more."""
        if hold.offline:
            self._bound.over(hold.offline)
        elif hold.settled is None:
            await self._to_its_end(self._release(hold))

    async def _release(self, hold: Hold) -> None:
        try:
            hold.settled = await self.operate(hold.releases())
        except DrawdownError as error:
            logger.warning("The hold %s was not released: %s", hold.id, error)
            if hold.operation and may_help(error):
                self._release_later(hold.operation)

    def _release_later(self, reserve: Operation) -> None:
        self._unwanted.put(reserve)
        if self._unwanted and (self._releasing is None or self._releasing.done()):
            self._releasing = self._start(self._release_unwanted())

    async def _release_unwanted(self) -> None:
        after: float | None = FIRST_PAUSE
        while after is not None:
            await asyncio.sleep(after)
            await self.run(self._unwanted.release())
            after = self._unwanted.next_pause()

    async def _to_its_end(self, work: Coroutine[Any, Any, None]) -> None:
        """Whoever is cancelled meanwhile waits for it all the same: the event loop may end with the
        one who waits. Cancelled once more, one leaves it to the loop."""
        task = self._start(work)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise

    def _extend_later(self, hold: Hold) -> asyncio.TimerHandle | None:
        if hold.offline or hold.has_ended:
            return None
        loop = asyncio.get_running_loop()
        return loop.call_later(hold.extend_after(), self._start_extending, hold)

    def _start_extending(self, hold: Hold) -> None:
        if not hold.has_ended:
            self._start(self._extend(hold))

    async def _extend(self, hold: Hold) -> None:
        try:
            hold.reservation = await self.operate(hold.extends())
        except DrawdownError as error:
            logger.warning("The hold %s was not extended: %s", hold.id, error)
            if not may_help(error):
                return
        self._extend_later(hold)

    def _start(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _post_by_itself(self) -> None:
        """From the first call on: there is an event loop then."""
        if self._bound.policy and self._poster is None:
            self._poster = self._start(self._keep_posting())

    async def _keep_posting(self) -> None:
        while True:
            await asyncio.sleep(POST_SECONDS)
            try:
                await self.post_journal()
            except Unreachable as error:
                logger.info("The journal waits: %s", error)
            except Exception as error:
                logger.warning("The journal waits: %r", error)
