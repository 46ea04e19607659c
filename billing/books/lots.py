"""What staff do to lots, under the accounting policy (E12 to E16). Credits are micro-credits.

Whatever the ledger refuses is raised as `Refused`; nothing was changed then.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import User
from billing import partners
from billing.books import periods
from billing.books.errors import CurrencyMismatch, GraceIsOver, NoExtension, NoOpenPaidLot
from billing.books.rows import value
from billing.models import Goodwill, Modification, Policy
from ledger import selectors, services
from ledger.errors import LedgerError
from ledger.models import Lot
from ledger.operations import Result

_NEXT = """
select id from ledger_lot_state
where customer_id = %(customer)s and open and price > 0 and remaining > held + frozen
    and (expires_at is null or expires_at > ledger_now())
order by priority, expires_at, paid, seq limit 1
"""


@transaction.atomic
def extend(
    customer_id: UUID,
    lot_id: UUID,
    expires_at: datetime | None,
    *,
    reason: str = "",
    by: User | None = None,
    key: str | None = None,
) -> Modification:
    """Let an open lot expire later, or never (E14). What it means for breakage is the next
    estimate's. Raises NoExtension; Refused with lot-has-ended, expiry-in-past."""
    before = lot(customer_id, lot_id)
    if expires_at and expires_at > selectors.now() and _is_sooner(expires_at, before.expires_at):
        raise NoExtension
    services.redate(
        customer_id,
        lot_id=lot_id,
        expires_at=expires_at,
        reason=reason or None,
        actor=_actor(by),
        key=key,
    )
    return Modification.objects.create(
        customer_id=customer_id,
        lot_id=lot_id,
        cohort=before.cohort or "",
        expires_before=before.expires_at,
        expires_after=expires_at,
        reason=reason,
        made_by=by,
        made_at=selectors.now(),
    )


def reinstate(
    customer_id: UUID,
    lot_id: UUID,
    credits: int,
    expires_at: datetime | None = None,
    *,
    document: str | None = None,
    reason: str = "",
    by: User | None = None,
    key: str | None = None,
) -> Result:
    """Give back what has expired of a lot (E15), until `expires_at`, or for as long as the grace
    is. Raises GraceIsOver; Refused with not-expired, expiry-in-past."""
    grace = _grace()
    sold = lot(customer_id, lot_id)
    if sold.escheat_class:
        raise LedgerError("not-expired", "A state may claim it: it is returned to its owner.")
    expired = sold.expires_at
    if expired is not None and grace_is_over(sold):
        raise GraceIsOver(
            f"It expired on {_day(expired)}, more than {grace.days} days ago: its breakage stands."
            " Give credits as goodwill instead."
        )
    until = selectors.now() + grace
    if expired is not None:
        until = max(until, expired)
    return services.reinstate(
        customer_id,
        amount=credits,
        lot_id=lot_id,
        expires_at=expires_at or until,
        document=document,
        reason=reason or None,
        actor=_actor(by),
        key=key,
    )


def grace_is_over(sold: Lot) -> bool:
    """It expired too long ago to be given back (E15)."""
    expired = sold.expires_at
    return expired is not None and periods.today() > _day(expired + _grace())


def goodwill(
    customer_id: UUID,
    credits: int,
    *,
    expires_at: datetime | None = None,
    lot_id: UUID | None = None,
    document: str | None = None,
    reason: str = "",
    by: User | None = None,
    key: str | None = None,
) -> Result:
    """Credits for nothing, as the policy has it (E13): a lot without a price, until `expires_at`;
    or more credits for the price of an open paid lot: the one named, else the next to be used.
    Raises NoOpenPaidLot."""
    if Policy.current().goodwill == Goodwill.PRICE_CONCESSION:
        return _concede(customer_id, credits, lot_id, document, reason, by, key)
    return services.grant(
        customer_id,
        amount=credits,
        kind="goodwill",
        expires_at=expires_at,
        document=document,
        reason=reason or None,
        actor=_actor(by),
        key=key,
    )


def correct_up(
    customer_id: UUID,
    credits: int,
    *,
    expires_at: datetime | None = None,
    document: str | None = None,
    reason: str = "",
    by: User | None = None,
    key: str | None = None,
) -> Result:
    """Too few were issued (E12up). Raises Refused with expiry-in-past."""
    return services.grant(
        customer_id,
        amount=credits,
        kind="adjustment",
        expires_at=expires_at,
        document=document,
        reason=reason or None,
        actor=_actor(by),
        key=key,
    )


def void(
    customer_id: UUID,
    credits: int,
    *,
    lot_id: UUID | None = None,
    document: str | None = None,
    reason: str = "",
    by: User | None = None,
    key: str | None = None,
) -> Result:
    """They were issued in error (E12void): only what nobody paid for. Raises Refused with
    insufficient-credits, lot-is-paid."""
    return _take("void", customer_id, credits, lot_id, document, reason, by, key)


def forfeit(
    customer_id: UUID,
    credits: int,
    *,
    lot_id: UUID | None = None,
    document: str | None = None,
    reason: str = "",
    by: User | None = None,
    key: str | None = None,
) -> Result:
    """Terms were breached, and no refund is due: as if they expired (E12forfeit). Raises Refused
    with insufficient-credits."""
    return _take("forfeit", customer_id, credits, lot_id, document, reason, by, key)


@transaction.atomic
def move(
    from_id: UUID,
    to_id: UUID,
    credits: int,
    *,
    lot_id: UUID | None = None,
    document: str | None = None,
    reason: str = "",
    by: User | None = None,
) -> Result:
    """To another customer, with their cost, expiry and cohort (E16). Who has paid credits, and none
    of the currency that comes, gets none of it. Raises CurrencyMismatch, UnknownCustomer; Refused
    with insufficient-credits."""
    known = _currencies(to_id)
    _share_at_this_price(from_id)
    moved = services.move(
        from_id,
        to_id,
        amount=credits,
        lot_id=lot_id,
        document=document,
        reason=reason or None,
        actor=_actor(by),
    )
    given = Lot.objects.filter(customer_id=from_id, id__in=moved.lots or [], price__gt=0)
    if known and any(
        currency not in known for currency in given.values_list("currency", flat=True)
    ):
        raise CurrencyMismatch(f"The receiver's credits were paid in {', '.join(sorted(known))}.")
    return moved


def lot(customer_id: UUID, lot_id: UUID) -> Lot:
    """Raises LedgerError with not-found."""
    found = Lot.objects.filter(customer_id=customer_id, id=lot_id).first()
    if found is None:
        raise LedgerError("not-found", "There is no such lot.")
    return found


def _concede(
    customer_id: UUID,
    credits: int,
    lot_id: UUID | None,
    document: str | None,
    reason: str,
    by: User | None,
    key: str | None,
) -> Result:
    services.refresh(customer_id)
    shared = lot_id or value(f"select ({_NEXT})", {"customer": customer_id})
    if shared is None:
        raise NoOpenPaidLot
    _share_at_this_price(customer_id)
    return services.attach(
        customer_id,
        amount=credits,
        lot_id=shared,
        document=document,
        reason=reason or None,
        actor=_actor(by),
        key=key,
    )


def _share_at_this_price(customer_id: UUID) -> None:
    """What partners have of these lots is of the price at which their credits were used (R16). The
    refresh has the wallet locked until the end of the database transaction."""
    services.refresh(customer_id)
    partners.accrue([customer_id])


def _take(
    cause: str,
    customer_id: UUID,
    credits: int,
    lot_id: UUID | None,
    document: str | None,
    reason: str,
    by: User | None,
    key: str | None,
) -> Result:
    return services.adjust(
        customer_id,
        amount=credits,
        cause=cause,
        lot_id=lot_id,
        document=document,
        reason=reason or None,
        actor=_actor(by),
        key=key,
    )


def _currencies(customer_id: UUID) -> set[str]:
    """Of a customer's open paid credits."""
    found = Lot.objects.filter(customer_id=customer_id, open=True, price__gt=0)
    return {currency or "" for currency in found.values_list("currency", flat=True)}


def _grace() -> timedelta:
    return timedelta(days=Policy.current().reinstatement_grace_days)


def _is_sooner(instant: datetime, than: datetime | None) -> bool:
    return than is None or instant < than


def _day(instant: datetime) -> date:
    day: date = value("select ledger_day(%(instant)s)", {"instant": instant})
    return day


def _actor(by: User | None) -> str | None:
    return str(by.pk) if by else None
