"""What a state may claim of lots (E17, ASC 606-10-55-49): a liability, never revenue, and a line of
the register for each. Credits are micro-credits, money is minor units."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import User
from billing.books import periods
from billing.books.cohorts import Cohort
from billing.books.errors import AlreadySettled, NotEscheatable
from billing.books.lots import lot as lot_of
from billing.books.rows import named_rows, value
from billing.models import EscheatClass, Policy, UnclaimedProperty, UnclaimedState
from billing.shares import carrying
from ledger import selectors, services
from ledger.models import Lot
from ledger.services import Leg

# Money that went to the state's account, with the credits of its transaction.
_CLAIMED = """
select t.customer_id, t.lot_id, t.transaction_id, t.unit as currency, t.amount, l.escheat_class,
    coalesce(t.posted_on, ledger_day(t.posted_at)) as escheated_on,
    (select sum(u.amount)::bigint from ledger_transfer u
     where u.customer_id = t.customer_id and u.version = t.version and u.lot_id = t.lot_id
        and u.transaction_id = t.transaction_id and u.credit in ('U31', 'U33')) as credits,
    coalesce((
        select max(u.posted_at) from ledger_transfer u
        where u.customer_id = t.customer_id and u.kind = 'commit' and u.posted_at <= t.posted_at
    ), l.issued_at) as last_used
from ledger_transfer t
    join ledger_lot l on l.customer_id = t.customer_id and l.id = t.lot_id
where t.unit <> 'CR' and t.credit = '2300' and {which}
"""
_OF_TRANSACTION = "t.customer_id = %(customer)s and t.transaction_id = %(transaction)s"
_EXPIRED = """
not exists (
    select from billing_unclaimedproperty p where p.transaction_id = t.transaction_id)
"""


@transaction.atomic
def escheat(
    customer_id: UUID,
    lot_id: UUID,
    credits: int,
    *,
    reason: str = "",
    by: User | None = None,
    key: str | None = None,
) -> UnclaimedProperty:
    """Free credits of a lot are the state's from now on (E17a). Raises NotEscheatable; Refused with
    insufficient-credits."""
    if not lot_of(customer_id, lot_id).price:
        raise NotEscheatable
    services.recognise([customer_id])
    done = services.adjust(
        customer_id,
        amount=credits,
        cause="escheat",
        lot_id=lot_id,
        reason=reason or None,
        actor=str(by.pk) if by else None,
        key=key,
    )
    return _registered(customer_id, done.transaction_id)


@transaction.atomic
def remit(
    property: UnclaimedProperty, *, reference: str = "", by: User | None = None
) -> UnclaimedProperty:
    """It was paid to the state (E17b). Raises AlreadySettled."""
    held = _held(property)
    services.post(
        held.customer_id,
        kind="remittance",
        money=[Leg("2300", "1000", held.amount, held.currency, held.lot_id)],
        reason=reference or None,
        actor=str(by.pk) if by else None,
        key=f"remittance {held.transaction_id}",
    )
    return _settle(held, UnclaimedState.REMITTED, reference)


@transaction.atomic
def return_to_owner(
    property: UnclaimedProperty,
    *,
    expires_at: datetime | None = None,
    reference: str = "",
    by: User | None = None,
) -> UnclaimedProperty:
    """The owner came before it was remitted: E17a is reversed. A lot that has expired is there
    again until `expires_at`, or for as long as the policy's grace. Raises AlreadySettled."""
    held = _held(property)
    services.refresh(held.customer_id)
    owned = lot_of(held.customer_id, held.lot_id)
    services.restore(
        held.customer_id,
        amount=held.credits,
        lot_id=held.lot_id,
        cause=_cause(held),
        expires_at=expires_at or _new_expiry(owned),
        money=_return_legs(held, owned),
        reason=reference or None,
        actor=str(by.pk) if by else None,
        key=f"return {held.transaction_id}",
    )
    return _settle(held, UnclaimedState.RETURNED, reference)


@transaction.atomic
def classify(
    customer_id: UUID, lot_id: UUID, escheat_class: str | None, *, by: User | None = None
) -> UnclaimedProperty | None:
    """A state may claim what is left of a lot, or may not after all (None). The lot moves to the
    cohort of its class, so that the engine takes back the breakage that it had; what has expired of
    it is the state's (E17). Raises NotEscheatable."""
    sold = lot_of(customer_id, lot_id)
    if not sold.price or not sold.cohort:
        raise NotEscheatable
    cohort = Cohort.read(sold.cohort)._replace(escheat_class=escheat_class or "")
    actor = str(by.pk) if by else None
    services.refresh(customer_id)
    services.classify(
        customer_id, lot_id=lot_id, cohort=cohort.name, escheat_class=escheat_class, actor=actor
    )
    expired = _units_expired(customer_id, lot_id)
    if not escheat_class or not expired:
        return None
    done = services.adjust(
        customer_id, amount=expired, cause="escheat", lot_id=lot_id, expired=True, actor=actor
    )
    return _registered(customer_id, done.transaction_id)


def register_expired() -> int:
    """A line for each lot that a state may claim and that has expired since: how many."""
    found = named_rows(_CLAIMED.format(which=_EXPIRED))
    lines = [_line(row) for row in found]
    UnclaimedProperty.objects.bulk_create(lines, ignore_conflicts=True)
    return len(lines)


def _registered(customer_id: UUID, transaction_id: UUID | None) -> UnclaimedProperty:
    """Raises NotEscheatable: it is worth nothing."""
    which = {"customer": customer_id, "transaction": transaction_id}
    found = named_rows(_CLAIMED.format(which=_OF_TRANSACTION), which)
    if not found:
        raise NotEscheatable
    line = _line(found[0])
    known = UnclaimedProperty.objects.filter(transaction_id=line.transaction_id).first()
    if known is None:
        line.save(force_insert=True)
    return known or line


def _line(row: dict[str, object]) -> UnclaimedProperty:
    of = EscheatClass.objects.filter(code=row.pop("escheat_class")).first()
    last_used = row.pop("last_used")
    line = UnclaimedProperty(**row, escheat_class=of)
    if of is not None and isinstance(last_used, datetime):
        line.dormant_on = last_used.date() + timedelta(days=of.dormancy_days)
    return line


def _held(property: UnclaimedProperty) -> UnclaimedProperty:
    """Locked. Raises AlreadySettled."""
    locked = UnclaimedProperty.objects.select_for_update().get(pk=property.pk)
    if locked.state != UnclaimedState.HELD:
        raise AlreadySettled
    return locked


def _settle(held: UnclaimedProperty, state: UnclaimedState, reference: str) -> UnclaimedProperty:
    held.state, held.reference = state, reference
    today: date = periods.today()
    held.settled_on = max(today, held.escheated_on)
    held.save(update_fields=["state", "reference", "settled_on"])
    return held


def _cause(held: UnclaimedProperty) -> str:
    """Of a lot that a state may claim, what is forfeited is its too; the credits are of U31."""
    forfeited: bool = value(
        "select exists (select from ledger_transfer where customer_id = %(customer)s"
        " and transaction_id = %(transaction)s and credit = 'U31')",
        {"customer": held.customer_id, "transaction": held.transaction_id},
    )
    return "forfeit" if forfeited else "escheat"


def _new_expiry(owned: Lot) -> datetime | None:
    now = selectors.now()
    if owned.expires_at is None or owned.expires_at > now:
        return None
    return now + timedelta(days=Policy.current().reinstatement_grace_days)


def _return_legs(held: UnclaimedProperty, owned: Lot) -> list[Leg]:
    """Deferred is what the credits are worth in the lot as it is now, which may be a rounding away
    from what they were worth when they left (2.3, R2)."""
    worth = carrying(owned, owned.remaining + held.credits) - carrying(owned, owned.remaining)
    legs = [Leg("2300", "2100", min(worth, held.amount), held.currency)]
    if worth > held.amount:
        legs.append(Leg("4300", "2100", worth - held.amount, held.currency))
    elif worth < held.amount:
        legs.append(Leg("2300", "4300", held.amount - worth, held.currency))
    return legs


def _units_expired(customer_id: UUID, lot_id: UUID) -> int:
    return int(
        value(
            "select coalesce(sum(case when credit = 'U31' then amount else -amount end), 0)"
            " from ledger_transfer where customer_id = %(customer)s and lot_id = %(lot)s"
            " and unit = 'CR' and 'U31' in (debit, credit)",
            {"customer": customer_id, "lot": lot_id},
        )
    )
