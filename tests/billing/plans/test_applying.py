"""What a plan says of calls is so while it lasts, and not any longer."""

from ledger import usage_events
from tests.billing.plans.world import World, new_plan
from tests.factories.ledger import Book


def test_reported_usage_is_owed_where_the_plan_says_so(world: World) -> None:
    one = world.subscriber()
    assert usage_events.policy(one.id) == "refuse"
    one.start(new_plan(owes_reported=True))
    assert usage_events.policy(one.id) == "debt"
    one.change(new_plan(), at_once=True)
    assert usage_events.policy(one.id) == "refuse"


def test_a_commit_after_expiry_takes_what_is_left_where_the_plan_says_so(world: World) -> None:
    one = world.subscriber()
    book = Book(one.id)
    one.buys(10)
    one.start(new_plan(late_commits=True))
    late = book.reserve(5)
    world.go(2031, 1, 20)
    assert book.commit(late).ok
    one.change(new_plan(), at_once=True)
    late = book.reserve(5)
    world.go(2031, 1, 21)
    assert book.commit(late).code == "reservation-expired"
