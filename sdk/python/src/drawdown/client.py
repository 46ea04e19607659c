"""The client for threads. Its twin for asyncio, `drawdown.AsyncClient`, has the same methods."""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from time import sleep
from types import TracebackType
from typing import Any, Final, Self, TypeVar, Unpack

import httpx

from drawdown import flows, forks, operations, posting
from drawdown.amounts import Credits
from drawdown.answers import Balance, Reservation
from drawdown.charging import Reserving
from drawdown.errors import DrawdownError, Problem, Unreachable
from drawdown.extending import Extender
from drawdown.holding import LENGTH, Hold, is_refused
from drawdown.lists import Lists
from drawdown.offline import Bound, Open
from drawdown.operations import Operation
from drawdown.retrying import DEFAULT, Retry, may_help
from drawdown.sending import authorization, base, send
from drawdown.terms import CommitTerms, DebitTerms, ReserveTerms
from drawdown.unwanted import FIRST_PAUSE, Unwanted, may_be_held
from drawdown.wire import Answer, Failed, Flow, Send, Sleep

POST_SECONDS: Final = 1.0
# Closed, they would say good-bye on connections of the parent's.
_FORGOTTEN: Final[list[httpx.Client]] = []
Result = TypeVar("Result")
logger = logging.getLogger("drawdown")


class Client(Reserving):
    """For any number of threads. Close it, or use it in `with`.

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
        http: httpx.Client | None = None,
    ) -> None:
        self._url, self._headers = base(url), authorization(key)
        self.retry = retry
        self._makes_http = http is None
        self._http = http or httpx.Client()
        self._lists = Lists(self._one, self._many, retry) if lists else None
        self._extender = Extender()
        self._unwanted, self._aside = Unwanted(), Extender()
        self._bound = Bound(offline)
        forks.watch(self)
        self._closed = threading.Event()
        self._poster = self._start_poster() if offline else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def begin_anew(self) -> None:
        """In a process that was forked. An `http` of your own is yours to make anew: here nothing
        is posted by itself over its connections."""
        _FORGOTTEN.append(self._http)
        if self._makes_http:
            self._http = httpx.Client()
        if self._lists:
            self._lists = Lists(self._one, self._many, self.retry)
        self._extender = Extender()
        self._unwanted, self._aside = Unwanted(), Extender()
        if self._poster and self._makes_http and not self._closed.is_set():
            self._closed = threading.Event()
            self._poster = self._start_poster()

    def close(self) -> None:
        self._closed.set()
        self._extender.close()
        self._aside.close()
        if self._unwanted:
            self.run(self._unwanted.release_all(self.retry))
        if self._poster:
            self._poster.join(timeout=self.retry.deadline + POST_SECONDS)
        self._http.close()

    @contextmanager
    def reserve(
        self,
        customer: str | None = None,
        endpoint: str | None = None,
        **terms: Unpack[ReserveTerms],
    ) -> Iterator[Hold]:
        """Hold what the call costs; commit when the block ends, release when it raises; extend
        while it works. `hold.use(...)` says what the work came to.

        Raises the problem that Drawdown refuses with (PaymentRequired, TooManyRequests, ...),
        Unreachable, and at the end the commit's: Unreachable where it may not have been done.
        """
        hold = self._begin(operations.reserve(customer, endpoint, **terms), terms)
        number = self._extend_later(hold)
        try:
            yield hold
        except BaseException:
            self._cancel(hold)
            raise
        else:
            self._settle(hold)
        finally:
            hold.has_ended = True
            if number is not None:
                self._extender.end(number)

    def debit(
        self,
        customer: str | None = None,
        endpoint: str | None = None,
        **terms: Unpack[DebitTerms],
    ) -> Reservation:
        """Hold and commit in one, where the cost is known before."""
        return self.operate(operations.debit(customer, endpoint, **terms))

    def commit(self, reservation: str, **terms: Unpack[CommitTerms]) -> Reservation:
        return self.operate(operations.commit(reservation, **terms))

    def release(self, reservation: str, *, key: str | None = None) -> Reservation:
        return self.operate(operations.release(reservation, key=key))

    def extend(self, reservation: str, *, expires_in: timedelta) -> Reservation:
        """So long from now."""
        return self.operate(operations.extend(reservation, expires_in=expires_in))

    def reverse(
        self,
        reservation: str,
        *,
        reason: str,
        amount: Credits | None = None,
        key: str | None = None,
    ) -> Reservation:
        """Gives committed credits back to the lots that they came from."""
        return self.operate(operations.reverse(reservation, reason=reason, amount=amount, key=key))

    def operate(self, operation: Operation) -> Reservation:
        """One operation, made before: the same one sent again is done once."""
        if self._lists and operation.name:
            return self._lists.operate(operation)
        return self._one(operation, self.retry)

    def operate_list(self, made: Sequence[Operation]) -> list[Reservation | Problem]:
        """1,000 at most, in order; each succeeds or fails by itself."""
        return self._many([operation.item() for operation in made])

    def report(self, events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """CloudEvents of work that is done already, 1,000 at most; sent again, a duplicate."""
        return self.run(flows.report(list(events), self.retry))

    def reservation(self, id: str) -> Reservation:
        return self.run(flows.reservation(id, self.retry))

    def balance(self, customer: str) -> Balance:
        return self.run(flows.balance(customer, self.retry))

    def get(self, path: str, **query: Any) -> Any:
        """Whatever else the API reads, such as `/v1/endpoints`."""
        return self.run(flows.get(path, self.retry, query))

    def post(self, path: str, body: object, *, key: str | None = None) -> Any:
        """Whatever else the API writes, under this idempotency key."""
        return self.run(flows.post(path, body, self.retry, key))

    def run(self, flow: Flow[Result]) -> Result:
        came: Answer | Failed | None = None
        while True:
            try:
                step = flow.send(came)
            except StopIteration as stop:
                result: Result = stop.value
                return result
            came = self._step(step)

    def post_journal(self) -> int:
        """How many entries were posted, or found to be posted before. Raises DrawdownError."""
        if self._bound.policy is None:
            return 0
        posted = self.run(posting.post(self._bound.policy.journal, self.retry))
        if posted:
            self._bound.is_there()
        return posted

    def _step(self, step: Send | Sleep) -> Answer | Failed | None:
        if isinstance(step, Sleep):
            sleep(step.seconds)
            return None
        return send(self._http, self._url, self._headers, step)

    def _one(self, operation: Operation, retry: Retry) -> Reservation:
        return self.run(flows.operate(operation, retry))

    def _many(self, items: Sequence[bytes]) -> list[Reservation | Problem]:
        return self.run(flows.operate_list(items, self.retry))

    def _begin(self, operation: Operation, terms: ReserveTerms) -> Hold:
        length = terms.get("expires_in") or LENGTH
        try:
            reservation = self.operate(operation)
        except BaseException as error:
            if may_be_held(error):
                self._release_later(operation)
            if not isinstance(error, DrawdownError):
                raise
            return Hold(operation, None, length, offline=self._bound.let(operation, error))
        self._bound.answered(operation, reservation.customer)
        return Hold(operation, reservation, length)

    def _settle(self, hold: Hold) -> None:
        if hold.offline:
            self._bound.spent(hold.offline, hold.settlement)
        elif hold.settled is None:
            commit = hold.commits()
            try:
                hold.settled = self.operate(commit)
            except DrawdownError as error:
                if is_refused(error):
                    self._cancel(hold)
                self._bound.commit_later(hold, commit, error)

    def _cancel(self, hold: Hold) -> None:
        """Where this fails it is done later: what is raised already matters more."""
        if hold.offline:
            self._bound.over(hold.offline)
        elif hold.settled is None:
            try:
                hold.settled = self.operate(hold.releases())
            except DrawdownError as error:
                logger.warning("The hold %s was not released: %s", hold.id, error)
                if hold.operation and may_help(error):
                    self._release_later(hold.operation)

    def _release_later(self, reserve: Operation) -> None:
        if self._unwanted.put(reserve):
            self._aside.start(FIRST_PAUSE, self._release_unwanted)

    def _release_unwanted(self) -> float | None:
        self.run(self._unwanted.release())
        return self._unwanted.next_pause()

    def _extend_later(self, hold: Hold) -> int | None:
        if hold.offline:
            return None

        def extend() -> float | None:
            if hold.has_ended:
                return None
            try:
                hold.reservation = self.operate(hold.extends())
            except DrawdownError as error:
                logger.warning("The hold %s was not extended: %s", hold.id, error)
                if not may_help(error):
                    return None
            return hold.extend_after()

        return self._extender.start(hold.extend_after(), extend)

    def _start_poster(self) -> threading.Thread:
        def post() -> None:
            while not self._closed.wait(POST_SECONDS):
                try:
                    self.post_journal()
                except Unreachable as error:
                    logger.info("The journal waits: %s", error)
                except Exception as error:
                    logger.warning("The journal waits: %r", error)

        poster = threading.Thread(target=post, name="drawdown-journal", daemon=True)
        poster.start()
        return poster
