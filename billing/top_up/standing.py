"""How a customer's automatic top-up stands, in a line."""

from accounts.models import Customer
from billing.errors import BillingError
from billing.models import TopUp, TopUpSettings, TopUpState
from billing.top_up import budget, obstacles, ordering, wording
from ledger import selectors


def agreement_of(customer: Customer) -> TopUpSettings | None:
    found = TopUpSettings.objects.filter(customer=customer)
    return found.select_related("customer", "pack", "card").first()


def line(customer: Customer) -> str:
    agreement = agreement_of(customer)
    if agreement is None or not agreement.enabled:
        return "Off: when credits run out, somebody has to buy new ones."
    obstacle = obstacles.found(agreement)
    if obstacle is not None:
        return f"Paused. {wording.obstacle(obstacle).why}"
    return f"On. {summary(agreement)}"


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
