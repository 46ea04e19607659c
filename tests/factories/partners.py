"""Endpoints that are priced, and partners that have a share in them."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from accounts.models import HOUSE_ID
from billing import partners
from billing.books.rows import rows
from billing.models import Partner, PartnerTerm
from ledger import selectors
from ledger.amounts import CREDIT
from ledger.models import Endpoint, Price
from ledger.prices import rate_cards

_numbers = count(1)


def priced(credits: int = 1) -> Price:
    """An endpoint of its own, on a card of its own."""
    number = next(_numbers)
    endpoint = rate_cards.create_endpoint(code=f"partners-{number}", name="Search")
    card = rate_cards.create_card(name=f"partners-{number}", effective_at=selectors.now())
    rate_cards.set_price(card, endpoint, per_call=credits * CREDIT)
    return Price.objects.get(rate_card=card, endpoint=endpoint)


def new_partner(name: str = "Atlas Maps") -> Partner:
    return Partner.objects.create(code=f"partner-{next(_numbers)}", name=name)


def shared(
    endpoint: Endpoint,
    percent: str | None = None,
    *,
    credits: int | None = None,
    on: date,
    partner: Partner | None = None,
    **dates: Any,
) -> PartnerTerm:
    return partners.agree(
        partner or new_partner(),
        endpoint,
        percent=Decimal(percent) if percent else None,
        credits=credits,
        starts_on=on,
        **dates,
    )


def booked(partner: Partner) -> dict[str, int]:
    """What the house's book owes them by currency, payouts aside."""
    sql = """
        select unit, sum(case credit when '2500' then amount else -amount end)::bigint
        from ledger_transfer where customer_id = %(house)s and document = %(partner)s group by 1
    """
    found = dict(rows(sql, {"house": HOUSE_ID, "partner": partner.reference}))
    return {currency: amount for currency, amount in found.items() if amount}
