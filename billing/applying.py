"""A fact from a provider becomes rows and entries, once, in one database transaction.

All facts of one payment are taken one after the other, under an advisory lock: one that comes
before what it needs is parked, and whoever brings what it needs finds it parked. (See events.py.)
"""

from hashlib import blake2b

from django.db import DataError, IntegrityError, connection, transaction

from billing import disputed, paid, refunded
from billing.facts import CheckoutEnded, Disputed, Fact, Paid, Refunded, RefundTotal
from billing.models import EventState
from billing.outcomes import Outcome, Parked, Unfit
from billing.patience import retrying as retrying
from billing.plans import settling
from ledger.errors import Refused


def serialise(provider: str, payment_ref: str) -> None:
    """Until the end of the database transaction."""
    if payment_ref:
        digest = blake2b(f"{provider}/{payment_ref}".encode(), digest_size=8).digest()
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_advisory_xact_lock(%s)", [int.from_bytes(digest, "big", signed=True)]
            )


def decide(provider: str, fact: Fact) -> Outcome:
    """What cannot be done changes nothing, and says why."""
    try:
        with transaction.atomic():
            _apply(provider, fact)
    except Parked as parked:
        return Outcome(EventState.PARKED, str(parked))
    except Unfit as unfit:
        return Outcome(EventState.REFUSED, str(unfit), unfit.code)
    except Refused as refused:
        return Outcome(EventState.PARKED, f"The ledger says: {refused.detail}")
    except DataError:
        return Outcome(EventState.REFUSED, "A name or an amount is longer than any should be.")
    except IntegrityError:
        return Outcome(EventState.PARKED, "It meets another that says the same; asked again later.")
    return Outcome(EventState.APPLIED)


def _apply(provider: str, fact: Fact) -> None:
    match fact:
        case Paid() if settling.is_ours(fact.our_purchase):
            settling.paid(provider, fact)
        case CheckoutEnded() if settling.is_ours(fact.our_purchase):
            settling.ended(provider, fact)
        case Paid():
            paid.paid(provider, fact)
        case CheckoutEnded():
            paid.ended(provider, fact)
        case Refunded():
            refunded.told(provider, fact)
        case RefundTotal():
            refunded.total_told(provider, fact)
        case Disputed():
            disputed.told(provider, fact)
