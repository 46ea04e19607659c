"""Money that left for a partner: Dr 2500, Cr 1000, in the house's book."""

from datetime import date
from uuid import UUID

from django.db import transaction

from accounts.ids import uuid7
from accounts.models import HOUSE_ID, User
from billing.books import locks
from billing.models import Partner, PartnerPayout
from billing.partners.accruing import PAYABLE
from billing.partners.errors import PartnerError, PayoutTooLarge, PayoutTwice
from billing.partners.owing import owed
from ledger import services
from ledger.money import show
from ledger.services import Leg

CASH = "1000"
KIND = "partner-payout"


@transaction.atomic
def record_payout(
    partner: Partner,
    *,
    currency: str,
    amount: int,
    paid_on: date,
    reference: str,
    note: str = "",
    beyond: bool = False,
    by: User | None = None,
    id: UUID | None = None,
) -> PartnerPayout:
    """In minor units, for an open day. Under one id, or for one reference, it is recorded once:
    asked for again it is the same row. More than is owed is refused unless `beyond` says that it
    is meant. Raises PartnerError, PayoutTooLarge, PayoutTwice, Refused (period-closed)."""
    if amount <= 0:
        raise PartnerError("A payout is above zero.")
    if not reference.strip():
        raise PartnerError("Give the reference of the transfer, by which it is known.")
    locks.partners()
    recorded = _recorded(partner, id, reference)
    if recorded is not None:
        return _same(recorded, partner, currency, amount, paid_on)
    left = next((one.owed for one in owed(partner) if one.currency == currency), 0)
    excess = amount - max(min(left, amount), 0)
    if excess and not beyond:
        raise PayoutTooLarge(
            f"{partner} is owed {_told(left, currency)}: {_told(amount, currency)} would be"
            f" {_told(excess, currency)} more. Say that it is meant if it is."
        )
    payout = PartnerPayout(
        id=id or uuid7(),
        partner=partner,
        currency=currency,
        amount=amount,
        beyond=excess,
        paid_on=paid_on,
        reference=reference.strip(),
        note=note,
        created_by=by,
    )
    posted = services.post(
        HOUSE_ID,
        kind=KIND,
        money=[Leg(PAYABLE, CASH, amount, currency)],
        posted_on=paid_on,
        document=payout.document,
        reason=note or None,
        actor=by.email if by else None,
        key=f"{KIND} {payout.id}",
    )
    assert posted.transaction_id
    payout.transaction_id = posted.transaction_id
    payout.save(force_insert=True)
    return payout


def _recorded(partner: Partner, id: UUID | None, reference: str) -> PartnerPayout | None:
    found = PartnerPayout.objects.filter(pk=id).first() if id else None
    same = PartnerPayout.objects.filter(partner=partner, reference=reference.strip())
    return found or same.first()


def _same(
    payout: PartnerPayout, partner: Partner, currency: str, amount: int, paid_on: date
) -> PartnerPayout:
    """A reference names one transfer."""
    now = (partner.pk, currency, amount, paid_on)
    if (payout.partner_id, payout.currency, payout.amount, payout.paid_on) != now:
        raise PayoutTwice(
            f"{payout.reference} is recorded already: {_told(payout.amount, payout.currency)} on"
            f" {payout.paid_on}. Another transfer has another reference."
        )
    return payout


def _told(amount: int, currency: str) -> str:
    return f"{show(amount, currency)['amount']} {currency}"
