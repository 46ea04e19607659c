"""Promise 1, tried out: many ask at once for more than there is, and exactly as many are granted as
can be paid for. No overspending, and no false refusal either."""

from collections import Counter
from collections.abc import Iterator
from threading import Barrier, BrokenBarrierError, Lock, Thread
from uuid import UUID

from django.db import connection

from accounts.ids import uuid7
from ledger import services
from ledger.amounts import CREDIT
from ledger.operations import Operation, Result

CALLERS = 20
AMOUNT = 75 * CREDIT
BALANCE = 500 * CREDIT
GRANTED = BALANCE // AMOUNT
EXPECTED = Counter({"ok": GRANTED, "insufficient-credits": CALLERS - GRANTED})

# A caller that fails must not leave the others waiting for it.
_PATIENCE_SECONDS = 60


def run(customer_id: UUID, rounds: int, *, key_is_id: bool = True) -> Iterator[Counter[str]]:
    """How often each answer was given, round by round.

    The customer has BALANCE before it, and after it again. `key_is_id`: with keys that become the
    ids of their rows, as most callers send them.
    """
    race = _Race(customer_id, key_is_id)
    callers = [Thread(target=race.call, args=[rounds], daemon=True) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        for _ in range(rounds):
            yield race.round()
    finally:
        race.line.abort()
        for caller in callers:
            caller.join()


class _Race:
    def __init__(self, customer_id: UUID, key_is_id: bool) -> None:
        self.customer_id = customer_id
        self.key_is_id = key_is_id
        self.line = Barrier(CALLERS + 1, timeout=_PATIENCE_SECONDS)
        self.lock = Lock()
        self.results: list[Result] = []
        self.failure: Exception | None = None

    def round(self) -> Counter[str]:
        self.results.clear()
        try:
            self.line.wait()
            self.line.wait()
        except BrokenBarrierError as broken:
            raise self.failure or broken from None
        holds = [result.reservation_id for result in self.results if result.ok]
        services.apply(
            [
                Operation(op="release", customer_id=self.customer_id, reservation_id=hold)
                for hold in holds
            ]
        )
        return Counter(result.code for result in self.results)

    def call(self, rounds: int) -> None:
        try:
            connection.ensure_connection()
            for _ in range(rounds):
                self.line.wait()
                results = services.apply([self._reserve()])
                with self.lock:
                    self.results += results
                self.line.wait()
        except BrokenBarrierError:
            pass  # Another caller failed, or nobody watches any more.
        except Exception as failure:
            self.failure = failure
            self.line.abort()
        finally:
            connection.close()

    def _reserve(self) -> Operation:
        return Operation(
            op="reserve",
            customer_id=self.customer_id,
            amount=AMOUNT,
            expires_in=900,
            key=uuid7(),
            key_is_id=self.key_is_id,
            request=0,
        )
