"""Terms in words."""

from billing.models import PartnerTerm
from billing.partners.statements import shared
from billing.partners.terms import day_of


def share_of(term: PartnerTerm) -> str:
    return shared(term.percent, term.credits)


def times_of(term: PartnerTerm) -> str:
    since = f"from {day_of(term.starts_at)}"
    return f"{since} until {day_of(term.ends_at)}" if term.ends_at else since
