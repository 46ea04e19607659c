"""How a customer's automatic top-up stands, in a line."""

from accounts.models import Customer
from billing.errors import BillingError
from billing.models import CardBreaker, Obstacle, TopUp, TopUpSettings, TopUpState
from billing.top_up import budget, mending, obstacles, ordering, wording
from ledger import selectors


def agreement_of(customer: Customer) -> TopUpSettings | None:
    found = TopUpSettings.objects.filter(customer=customer)
    return found.select_related("customer", "pack", "card").first()


def line(customer: Customer, *, with_money: bool) -> str:
    """Without money, without the card too: whether it is on, and works."""
    agreement = agreement_of(customer)
    if agreement is None or not agreement.enabled:
        return "Off: when credits run out, somebody has to buy new ones."
    obstacle = obstacles.found(agreement)
    if not with_money:
        return _state(agreement, obstacle)
    if obstacle is not None:
        return f"Paused. {mending.told(agreement, obstacle).why}"
    failing = failure(agreement)
    return f"Failing. {failing}" if failing else f"On. {summary(agreement)}"


def _state(agreement: TopUpSettings, obstacle: Obstacle | None) -> str:
    if obstacle is not None:
        return "Paused. Ask an owner."
    if failure(agreement):
        return "Failing. Ask an owner."
    return "On: credits are bought when they run low."


def is_well(customer: Customer) -> bool:
    """Nobody has to do anything about it; off is as it was chosen."""
    agreement = agreement_of(customer)
    if agreement is None or not agreement.enabled:
        return True
    return obstacles.found(agreement) is None and not failure(agreement)


def failure(agreement: TopUpSettings) -> str:
    """Of a card that declined and is tried again; nothing where it did not."""
    breaker = CardBreaker.objects.filter(card=agreement.card_id, opened_at=None).first()
    if breaker is None:
        return ""
    told = f"The last charge was declined: {breaker.reason}"
    if breaker.retry_at is None or breaker.retry_at <= selectors.now():
        return f"{told} It is tried again as soon as credits are low."
    return f"{told} It is tried again after {breaker.retry_at:%-d %B %Y, %H:%M} UTC."


def summary(agreement: TopUpSettings) -> str:
    """What was agreed to; nothing where that cannot be bought now."""
    try:
        return wording.summary(
            agreement, ordering.one_pack(agreement), ordering.expected(agreement)
        )
    except BillingError:
        return ""


def proposal(agreement: TopUpSettings) -> str:
    """What would be agreed to, with what is charged for it at once. Raises PackUnavailable,
    PlaceMissing."""
    told = wording.summary(agreement, ordering.one_pack(agreement), ordering.expected(agreement))
    gap = agreement.target - selectors.balance(agreement.customer_id).available
    if gap < agreement.target - agreement.threshold or _is_being_charged(agreement):
        return told
    first = ordering.closing(agreement, gap=gap, within=budget.left(agreement))
    if first is None:
        return f"{told} You have fallen to that already, and this month allows no other charge."
    return f"{told} {wording.at_once(first, is_put_off=obstacles.is_to_wait(agreement))}"


def _is_being_charged(agreement: TopUpSettings) -> bool:
    """One at a time: nothing is charged on top of it."""
    charging = TopUp.objects.filter(customer=agreement.customer_id, state=TopUpState.CHARGING)
    return charging.exists()
