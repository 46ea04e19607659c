"""What the overview tells of a customer's credits."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import DateTimeField, Func

from accounts.models import Customer
from billing import shown
from billing.portal import instants
from billing.portal.overview import unused
from ledger import runway, selectors
from ledger.amounts import CREDIT
from ledger.models import Lot, Wallet
from ledger.runway import Burn

SOON: Final = timedelta(days=14)
LOTS_SHOWN: Final = 8
A_YEAR: Final = 365
_DAY: Final = timedelta(days=1)


class Expiring(NamedTuple):
    """Free credits of a lot, and when they will be gone."""

    kind: str
    origin: str
    credits: str
    expires_at: datetime
    when: str  # in words
    there: str  # by the company's clocks, where they are not those of UTC
    is_soon: bool
    noticed_at: datetime | None


class Lasting(NamedTuple):
    """For how long credits last at the pace of late; without a date, for more than a year."""

    days: int
    words: str
    empty_at: datetime | None
    pace: str
    unused: str = ""  # what would expire before it is used, if anything would


class Figures(NamedTuple):
    """`state` is equal as long as nothing of this has changed."""

    state: str
    available: str
    held: str
    frozen: str
    total: str
    lasting: Lasting | None
    expiring: list[Expiring]
    more_expiring: int


class _WalletsNow(Func):
    """As `selectors.now` of its customer, within the query."""

    template = "(ledger_now() + coalesce(clock_shift, '0'))"
    output_field = DateTimeField()


def figures(customer: Customer) -> Figures:
    """As of this second."""
    balance = selectors.balance(customer.id)
    lots, now = selectors.expiring_lots(customer.id), selectors.now(customer.id)
    return Figures(
        state=_state(customer.id),
        available=shown.credits(balance.available),
        held=shown.credits(balance.held),
        frozen=shown.credits(balance.frozen),
        total=shown.credits(balance.total),
        lasting=_lasting_of(customer.id, balance.available, now),
        expiring=[_expiring(lot, now, customer) for lot in lots[:LOTS_SHOWN]],
        more_expiring=len(lots[LOTS_SHOWN:]),
    )


def is_unchanged(customer_id: UUID, state: str) -> bool:
    """Since figures with this state were shown; nothing became due either."""
    not_due = Wallet.objects.filter(customer_id=customer_id).exclude(due_at__lte=_WalletsNow())
    return any(_of(row) == state for row in not_due.values_list(*_STATE))


_STATE: Final = ("version", "balance", "held", "frozen")


def _state(customer_id: UUID) -> str:
    rows = Wallet.objects.filter(customer_id=customer_id).values_list(*_STATE)
    return next((_of(row) for row in rows), "")


def _of(row: tuple[int, ...]) -> str:
    return ".".join(map(str, row))


def _lasting_of(customer_id: UUID, available: int, now: datetime) -> Lasting | None:
    burn = runway.burn(customer_id)
    lasting = _lasting(burn, available, now)
    if burn is None or lasting is None:
        return lasting
    lost = unused.at_pace(customer_id, burn.a_day, now)
    return lasting._replace(unused=shown.estimated(lost) if lost >= CREDIT else "")


def _lasting(burn: Burn | None, available: int, now: datetime) -> Lasting | None:
    """None: nothing was used of late, or nothing is left."""
    if burn is None or available <= 0:
        return None
    days = available // burn.a_day
    if days > A_YEAR:
        return Lasting(days, "More than a year", None, _pace(burn))
    seconds = available * (_DAY // timedelta(seconds=1)) // burn.a_day
    words = f"About {days} day{'' if days == 1 else 's'}" if days else "Less than a day"
    return Lasting(days, words, now + timedelta(seconds=seconds), _pace(burn))


def _pace(burn: Burn) -> str:
    """A hundredth of a credit is exact enough, unless there is less."""
    exact = shown.credits(round(burn.a_day, -4) or burn.a_day)
    if burn.until - burn.since < _DAY:
        return f"{exact} credits a day, as in the first hours, since {burn.since:%-d %B %Y}"
    return f"{exact} credits a day, the mean of {burn.since:%-d %B} to {burn.until:%-d %B %Y}"


def _expiring(lot: Lot, now: datetime, customer: Customer) -> Expiring:
    assert lot.expires_at
    return Expiring(
        kind=shown.LOT_KINDS.get(lot.kind, lot.kind),
        origin=lot.reason or "",
        credits=shown.credits(lot.remaining - lot.held - lot.frozen),
        expires_at=lot.expires_at,
        when=instants.until(lot.expires_at - now),
        there=instants.there(lot.expires_at, customer),
        is_soon=lot.expires_at - now <= SOON,
        noticed_at=lot.noticed_at,
    )
