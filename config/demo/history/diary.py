"""What is done besides calls, and when: credits bought and given, calls paid back."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from random import Random
from uuid import UUID

from config.demo.customers import Temper
from config.demo.history import purchases
from config.demo.history.calendar import DAY, HOUR
from config.demo.history.calls import Caller
from ledger.operations import Operation, Result

Entry = Callable[[datetime], Operation]

STAFF = "admin@northwind.example"
LONGER_TRIAL_AFTER = 3 * DAY
# Who has less than this part of a pack left buys another.
LOW = 0.05
REVERSED = 0.01


class Diary:
    """Entries by their hour; each is told the instant at which it is done."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._entries: dict[datetime, list[Entry]] = defaultdict(list)
        self._buying: set[UUID] = set()

    def entries(self, hour: datetime) -> list[Entry]:
        return self._entries.pop(hour, [])

    def note(self, hour: datetime, *entries: Entry) -> None:
        self._entries[hour].extend(entries)

    def arrive(self, caller: Caller, hour: datetime) -> None:
        if caller.profile.temper is not Temper.RUNNING_DRY:
            self.restock(caller, hour)
        self.note(hour, lambda at: purchases.welcome(caller.id, at))

    def restock(self, caller: Caller, hour: datetime) -> None:
        self.note(hour, lambda at: purchases.pack(caller.id, caller.profile.pack, at))

    def expire(self, caller: Caller, hour: datetime) -> None:
        """What is due shows up in the books on its own day, even of who does nothing."""
        self.note(hour, lambda at: Operation(op="refresh", customer_id=caller.id))

    def campaign(self, caller: Caller, hour: datetime) -> None:
        self.note(hour, lambda at: purchases.campaign(caller.id, at))

    def top_up(self, caller: Caller, hour: datetime, answer: Result) -> None:
        """Buys in time; who is on trial runs dry and is given more some days later."""
        if caller.id in self._buying:
            return
        if caller.profile.temper is Temper.RUNNING_DRY:
            if answer.code == "insufficient-credits":
                self._buying.add(caller.id)
                self.note(hour + LONGER_TRIAL_AFTER, lambda at: self._extend_trial(caller, at))
        elif (answer.available or 0) < purchases.units(caller.profile.pack) * LOW:
            self._buying.add(caller.id)
            self.note(hour + HOUR, lambda at: self._buy(caller, at))

    def perhaps_reverse(self, caller: Caller, hour: datetime, answer: Result) -> None:
        if not answer.committed or self._chance.random() >= REVERSED:
            return
        reversal = Operation(
            op="reverse",
            customer_id=caller.id,
            reservation_id=answer.reservation_id,
            service_id=caller.service_id,
            detail={"reason": "The answer was of no use", "actor": STAFF},
        )
        self.note(hour + self._chance.randint(2, 40) * HOUR, lambda at: reversal)

    def _buy(self, caller: Caller, at: datetime) -> Operation:
        self._buying.discard(caller.id)
        return purchases.pack(caller.id, caller.profile.pack, at)

    def _extend_trial(self, caller: Caller, at: datetime) -> Operation:
        self._buying.discard(caller.id)
        return purchases.longer_trial(caller.id, at)
