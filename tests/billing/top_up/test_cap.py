"""A month's cap, by the ledger's clock in UTC."""

from datetime import date

import pytest

from billing.models import Obstacle
from billing.top_up import budget
from tests.billing.top_up.owner import Owner

MINUTE = 60


@pytest.fixture
def capped(books_tie, pack, calendar):
    """In the middle of a month to come, with USD 250 a month: two packs."""
    calendar.go(date(calendar.now().year + 1, 3, 15))
    return Owner.new(pack, cap=250)


def burn(owner, calendar, times):
    for _ in range(times):
        owner.spend_to(100)
        owner.run()
        calendar.forward(2 * MINUTE)


def test_it_stops_at_the_cap_and_tells_once(capped, calendar):
    burn(capped, calendar, 5)
    assert (capped.charged(), capped.available()) == (200_00, 100)
    assert capped.told() == ["top_up.succeeded"] * 2 + ["top_up.cap_reached"]
    assert capped.mails() == ["top_up_cap_reached"]
    assert capped.settings.stopped_by == Obstacle.CAP


def test_a_new_month_goes_on_by_itself(capped, calendar):
    burn(capped, calendar, 4)
    calendar.go(calendar.now().date().replace(day=31), hour=23)
    capped.run()
    assert capped.charged() == 200_00
    calendar.forward(3600)
    capped.run()
    assert (calendar.now().month, capped.charged(), capped.available()) == (4, 300_00, 1100)
    assert budget.spent(capped.settings) == 100_00


def test_and_tells_again_when_it_stops_again(capped, calendar):
    burn(capped, calendar, 4)
    calendar.go(date(calendar.now().year, 4, 2))
    burn(capped, calendar, 5)
    assert (capped.charged(), capped.mails()) == (400_00, ["top_up_cap_reached"] * 2)


def test_a_higher_cap_goes_on_at_once(capped, calendar):
    burn(capped, calendar, 3)
    capped.agree(cap=300)
    capped.run()
    assert (capped.charged(), capped.available()) == (300_00, 1100)


def test_what_the_cap_leaves_is_bought_in_one_charge(books_tie, pack, calendar):
    owner = Owner.new(pack, threshold=500, target=3000, cap=350)
    owner.spend_to(100)
    owner.run()
    assert (owner.charged(), owner.available()) == (300_00, 3100)
    owner.spend_to(0)
    calendar.forward(2 * MINUTE)
    owner.run()
    assert (owner.charged(), owner.told()[-1]) == (300_00, "top_up.cap_reached")


def test_there_is_a_pause_between_two_however_fast_credits_are_spent(owner, calendar):
    owner.spend_to(100)
    owner.run()
    owner.spend_to(100)
    owner.run()
    assert owner.charged() == 100_00
    calendar.forward(MINUTE + 1)
    owner.run()
    assert owner.charged() == 200_00


def test_one_that_brought_too_little_is_followed_by_another(owner, calendar):
    owner.book.reserve(900 * 10**6)
    owner.spend_to(0)
    owner.run()
    owner.spend_to(150)
    calendar.forward(MINUTE + 1)
    owner.run()
    assert owner.states() == ["succeeded"] * 2
