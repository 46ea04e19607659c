"""How a customer's automatic top-up stands, as its page tells it."""

from typing import Final, NamedTuple

from django.db.models import QuerySet

from accounts.models import Customer
from billing import shown
from billing.models import Obstacle, TopUp, TopUpSettings, TopUpState
from billing.models.top_up import IN_FLIGHT
from billing.portal.purchases.standing import Badge
from billing.top_up import budget, mending, obstacles
from billing.top_up.standing import failure, summary
from billing.top_up.wording import Told

OFF: Final = Badge("", "Off")
ON: Final = Badge("good", "On")
FAILING: Final = Badge("warn", "Failing")
PAUSED: Final = Badge("warn", "Paused")

_STATES: Final = {
    TopUpState.WANTED: Badge("accent", "About to be charged"),
    TopUpState.CHARGING: Badge("accent", "Being charged"),
    TopUpState.SUCCEEDED: Badge("good", "Paid"),
    TopUpState.FAILED: Badge("bad", "Declined"),
    TopUpState.GIVEN_UP: Badge("bad", "No answer"),
}


class Standing(NamedTuple):
    """What is empty is not said."""

    badge: Badge
    is_on: bool
    summary: str = ""
    pause: Told | None = None
    failure: str = ""
    mend: Told | None = None
    spent: str = ""
    cap: str = ""
    percent: int = 0
    keys_suspended: bool = False


class Row(NamedTuple):
    top_up: TopUp
    badge: Badge
    amount: str
    credits: str


def standing(agreement: TopUpSettings | None) -> Standing:
    if agreement is None or not agreement.enabled:
        return Standing(OFF, is_on=False)
    obstacle = obstacles.found(agreement)
    failing = "" if obstacle else failure(agreement)
    spent = budget.spent(agreement)
    return Standing(
        badge=_badge(obstacle, failing),
        is_on=True,
        summary=summary(agreement),
        pause=mending.told(agreement, obstacle) if obstacle else None,
        failure=failing,
        mend=mending.another_card(agreement),
        spent=shown.money(spent, agreement.currency),
        cap=shown.money(agreement.cap, agreement.currency),
        percent=min(100 * spent // agreement.cap, 100),
        keys_suspended=agreement.customer.keys_suspended_at is not None,
    )


def history(customer: Customer) -> QuerySet[TopUp]:
    """The last first; what is only wanted is none yet."""
    found = TopUp.objects.filter(customer=customer, purchase__isnull=False)
    return found.select_related("purchase").order_by("-id")


def row(top_up: TopUp) -> Row:
    assert top_up.purchase is not None
    purchase = top_up.purchase
    return Row(
        top_up,
        _STATES[TopUpState(top_up.state)],
        shown.money(top_up.amount, top_up.currency),
        shown.credits(purchase.credits + purchase.bonus_credits),
    )


def is_in_flight(customer: Customer) -> bool:
    return TopUp.objects.filter(customer=customer, state__in=IN_FLIGHT).exists()


def _badge(obstacle: Obstacle | None, failing: str) -> Badge:
    if obstacle is not None:
        return PAUSED
    return FAILING if failing else ON
