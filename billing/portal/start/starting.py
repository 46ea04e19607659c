"""What Getting started tells: the keys that there are, whom to ask for one, and what has called."""

from datetime import datetime, timedelta
from hashlib import blake2s
from typing import Final, NamedTuple
from uuid import UUID

from accounts import selectors as people
from accounts.models import ApiKey, Customer
from accounts.permissions import RIGHTS, Right
from billing import shown
from ledger import call_log, selectors
from ledger.call_log import Filters, LoggedCall
from ledger.models import ReservationState
from ledger.paging import Asked
from ledger.periods import Period

CALLS_SHOWN: Final = 5
KEYS_SHOWN: Final = 3
ASKED_SHOWN: Final = 3
# Further back nobody looks for a first call; and a day ahead, for callers date their ids.
_BACK: Final = timedelta(days=30)
_AHEAD: Final = timedelta(days=1)
_TONES: Final = {
    ReservationState.HELD: "accent",
    ReservationState.COMMITTED: "good",
    ReservationState.REVERSED: "warn",
}


class Seen(NamedTuple):
    """A call of the company's. `credits` is what it cost, or what it holds while it runs."""

    endpoint: str
    credits: str
    key: str
    at: datetime
    state: str
    tone: str


class Arrivals(NamedTuple):
    """`watched` is the key whose first call is waited for; `used` is the key, of all, that was used
    last. `state` is equal as long as nothing of this has changed."""

    calls: list[Seen]
    watched: ApiKey | None
    used: ApiKey | None
    state: str

    @property
    def watched_at(self) -> datetime | None:
        """Its last call; that a key was used is noted a little later than its calls are."""
        if self.watched is None:
            return None
        found = [call.at for call in self.calls if call.key == self.watched.prefix]
        return found[0] if found else self.watched.last_used_at

    @property
    def is_waiting(self) -> bool:
        if self.watched is not None:
            return self.watched_at is None
        return self.used is None and not self.calls


def arrivals(customer: Customer, key_id: UUID | None = None) -> Arrivals:
    """The last calls. Of a key of the customer, whether it was used; another's is none."""
    keys = ApiKey.objects.filter(customer=customer)
    watched = keys.filter(id=key_id).first() if key_id else None
    used = keys.filter(last_used_at__isnull=False).order_by("-last_used_at").first()
    calls = [_seen(call) for call in _last_calls(customer)]
    told = repr((calls, _used_at(watched), _used_at(used)))
    return Arrivals(calls, watched, used, blake2s(told.encode(), digest_size=8).hexdigest())


def usable_keys(customer: Customer) -> list[ApiKey]:
    """Those that work now, the newest first."""
    keys = customer.api_keys.filter(revoked_at=None, suspended_at=None, replaced_by=None)
    return [key for key in keys.order_by("-created_at") if not key.has_ended()]


def makers_of_keys(customer: Customer) -> list[str]:
    """Of the company, who may make a key: those who have been there longest."""
    company = customer.sandbox_of or customer
    members = [one for one in people.members_of(company) if Right.KEYS in RIGHTS[one.role]]
    return [one.user.name or one.user.email for one in members[:ASKED_SHOWN]]


def _last_calls(customer: Customer) -> list[LoggedCall]:
    now = selectors.now(customer.id)
    filters = Filters(Period(now - _BACK, now + _AHEAD))
    return call_log.calls(customer.id, Asked(CALLS_SHOWN, None), filters)[:CALLS_SHOWN]


def _seen(call: LoggedCall) -> Seen:
    row, price, state = call.found.row, call.found.price, ReservationState(call.found.state)
    return Seen(
        endpoint=price.endpoint.name if price else "Without an endpoint",
        credits=shown.credits(row.amount if state is ReservationState.HELD else call.cost),
        key=call.key.prefix if call.key else "",
        at=row.created_at,
        state=state.label,
        tone=_TONES.get(state, ""),
    )


def _used_at(key: ApiKey | None) -> datetime | None:
    return key.last_used_at if key else None
