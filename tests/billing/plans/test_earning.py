"""Fees are earned day by day, and each month gets its own days."""

from datetime import date

from django.db import connection

from billing.books import closing
from billing.models import PeriodState
from billing.plans import earning
from tests.billing.plans.world import Subscriber, World, new_plan


def test_a_month_is_closed_with_all_of_its_days(world: World) -> None:
    """Whenever it is closed, and though the job has not run since the fee was billed."""
    world.calendar.go(date(2003, 1, 10))
    one = world.subscriber()
    one.start(new_plan("pro", fee=31_00, included_credits=10))
    world.calendar.go(date(2003, 2, 20))
    period = closing.close(date(2003, 1, 1))
    assert period.state == PeriodState.CLOSED
    assert _earned(one, date(2003, 1, 31)) == 22_00
    earning.earn_all()
    assert _earned(one, date(2003, 2, 20)) == 31_00
    assert earning.earn_all() == 0
    # The second period is turned over late: none of it is of the closed month.
    world.run()
    earning.earn_all()
    assert _earned(one, date(2003, 1, 31)) == 22_00


def test_a_fee_is_earned_to_the_cent(world: World) -> None:
    one = world.subscriber()
    one.start(new_plan("odd", fee=10_00))
    so_far = []
    for day in range(11, 32):
        world.calendar.go(date(2031, 1, day))
        earning.earn_all()
        so_far.append(_earned(one, date(2031, 1, day)))
    # 31 days: 32.26 cents each, never more than a cent off.
    assert so_far[:3] == [32, 65, 97]
    assert all(
        after - before in (32, 33) for before, after in zip(so_far, so_far[1:], strict=False)
    )
    world.calendar.go(date(2031, 2, 10))
    earning.earn_all()
    assert _earned(one, date(2031, 2, 10)) == 10_00


def _earned(one: Subscriber, until: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(-sum(amount), 0)::bigint from ledger_posting"
            " where customer_id = %s and account = '4110' and posting_date <= %s",
            [one.id, until],
        )
        found: int = cursor.fetchall()[0][0]
    return found
