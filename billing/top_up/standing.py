"""How a customer's automatic top-up stands, in a line."""

from accounts.models import Customer
from billing.errors import BillingError
from billing.models import TopUpSettings
from billing.top_up import obstacles, ordering, wording


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
        return wording.summary(agreement, ordering.expected(agreement))
    except BillingError:
        return ""
