"""A back-test is asked for."""

from datetime import timedelta
from typing import Final

from accounts.models import User
from billing.errors import BackTestRefused
from billing.models import BackTest
from ledger import selectors
from ledger.models import RateCard

DAYS_MAX: Final = 366


def ask(card: RateCard, *, days: int, heeds_terms: bool = True, by: User | None = None) -> BackTest:
    """Of the last so many days, until now. Raises BackTestRefused."""
    if not 1 <= days <= DAYS_MAX:
        raise BackTestRefused(f"Ask for 1 to {DAYS_MAX} days.")
    if not card.prices.exists():
        raise BackTestRefused(f"Rate card {card.name} has no prices yet: fill some in first.")
    now = selectors.now()
    return BackTest.objects.create(
        rate_card=card,
        since=now - timedelta(days=days),
        until=now,
        heeds_terms=heeds_terms,
        asked_by=by,
    )
