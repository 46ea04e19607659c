"""What would expire unused at the present pace."""

from datetime import UTC, datetime, timedelta

import pytest

from billing import shown
from billing.portal.overview.unused import Free, simulated
from ledger import services
from ledger.amounts import CREDIT
from tests.accounts.people import browser_of
from tests.factories.accounts import CustomerFactory, MemberFactory
from tests.factories.ledger import Clock
from tests.ledger.api.conftest import operate

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def lots(*found):
    """Of credits, and days until they expire, in their order of use."""
    return [
        Free(amount * CREDIT, None if days is None else NOW + timedelta(days=days))
        for amount, days in found
    ]


@pytest.mark.parametrize(
    ("found", "lost"),
    [
        ([], 0),
        ([(50, 5)], 0),
        ([(80, 5)], 30),
        ([(80, 0.5)], 75),
        ([(80, None)], 0),
        ([(80, 5), (1000, None)], 30),
        # The second is used only when the first is gone.
        ([(50, 5), (60, 10)], 10),
        ([(40, 5), (60, 10)], 0),
        # What a plan gives is used first, though it ends later.
        ([(100, 30), (40, 5)], 40),
        ([(30, 5), (60, 5)], 40),
        # What has ended is none of it.
        ([(30, -1), (50, 5)], 0),
    ],
)
def test_lots_are_used_in_their_order_until_they_end(found, lost):
    assert simulated(lots(*found), 10 * CREDIT, NOW) == lost * CREDIT


@pytest.mark.parametrize(
    ("amount", "said"),
    [(99_994_000, "99.99"), (100_400_000, "100"), (12_345_678_901, "12,346"), (12_345, "0.01")],
)
def test_estimates_are_no_more_exact_than_they_can_be(amount, said):
    assert shown.estimated(amount) == said


def test_the_overview_says_it_under_the_days_left(db):
    company = CustomerFactory()
    at = Clock().now() + timedelta(days=10)
    services.grant(company.id, amount=5_000 * CREDIT, kind="promo", expires_at=at)
    browser = browser_of(MemberFactory(customer=company))
    operate("debit", company, amount=200 * CREDIT)
    lasting = browser.get("/portal/").context["figures"].lasting
    assert lasting.days == 24
    # 200 a day for ten days, less the seconds that this took.
    assert 2_800 <= int(lasting.unused.replace(",", "")) <= 2_801
    page = " ".join(browser.get("/portal/").content.decode().split())
    assert f"about {lasting.unused} credits would expire unused" in page
