"""Whether settings make a plan. What is wrong is said of the first field that is."""

from typing import NoReturn

from billing.models import OnFailure, Overage, PackPrice, Plan, PlanState
from billing.models.packs import CURRENCIES
from billing.plans import limits, prices
from billing.plans.errors import PlanRefused

RETRIES_MAX = 10
DAYS_MAX = 60
AMOUNT_MAX = 10**14
CREDITS_MAX = 10**18


def check(plan: Plan) -> None:
    """Raises PlanRefused."""
    if not plan.name.strip():
        _refuse("name", "Write a name.")
    if plan.currency not in CURRENCIES:
        _refuse("currency", f"A currency is one of {', '.join(CURRENCIES)}.")
    _check_amounts(plan)
    _check_credits(plan)
    _check_overage(plan)
    _check_time(plan)
    _check_failure(plan)
    limits.read(plan.limits)
    if plan.price_group and not prices.is_known(plan.price_group):
        _refuse("price_group", "There is no such price group.")


def _check_amounts(plan: Plan) -> None:
    for field in ("fee", "connection_fee", "minimum_spend", "top_up_cap"):
        if not 0 <= getattr(plan, field) <= AMOUNT_MAX:
            _refuse(field, "Write an amount of zero or above.")
    if plan.minimum_spend and plan.minimum_spend <= plan.fee:
        _refuse("minimum_spend", "The fee counts for the minimum: it has to be above the fee.")


def _check_credits(plan: Plan) -> None:
    fields = ("included_credits", "rollover_credits", "connection_credits", "credit_limit")
    for field in fields:
        if not 0 <= getattr(plan, field) <= CREDITS_MAX:
            _refuse(field, "Write credits of zero or above.")
    if plan.rollover_credits and not plan.included_credits:
        _refuse("rollover_credits", "Nothing is included that could roll over.")
    if plan.connections_included and not (plan.connection_fee or plan.connection_credits):
        _refuse("connections_included", "Connections cost nothing: none have to be included.")


def _check_overage(plan: Plan) -> None:
    if plan.overage == Overage.POST_PAID:
        if plan.credit_limit <= 0:
            _refuse("credit_limit", "Post-paid use needs a limit above zero.")
        if plan.overage_price <= 0:
            _refuse("overage_price", "Post-paid use needs a price above zero for a credit.")
    elif plan.credit_limit:
        _refuse("credit_limit", "Only post-paid use has a credit limit.")
    elif plan.overage_price:
        _refuse("overage_price", "Only post-paid use has a price for what goes beyond.")
    if plan.overage == Overage.TOP_UP:
        _check_top_up(plan)
    elif plan.top_up_pack_id:
        _refuse("top_up_pack", "Only a plan that tops up has a pack for it.")


def _check_top_up(plan: Plan) -> None:
    if plan.top_up_pack_id is None:
        _refuse("top_up_pack", "Choose the pack that is bought.")
    price = PackPrice.objects.filter(pack=plan.top_up_pack_id, price_currency=plan.currency)
    if not price.exists():
        _refuse("top_up_pack", f"This pack has no price in {plan.currency}.")
    if plan.top_up_threshold <= 0:
        _refuse("top_up_threshold", "Write a number of credits above zero.")
    if plan.top_up_target <= plan.top_up_threshold:
        _refuse("top_up_target", "Go back to more credits than are fallen to.")
    if plan.top_up_cap <= 0:
        _refuse("top_up_cap", "Write what may be charged in a month.")


def _check_time(plan: Plan) -> None:
    if plan.lasts_days is not None and not 0 < plan.lasts_days <= 3660:
        _refuse("lasts_days", "Write a number of days above zero, or nothing.")
    if plan.lasts_days is not None and plan.term_months:
        _refuse("lasts_days", "A committed contract does not end by itself within its term.")
    if plan.followed_by_id and plan.lasts_days is None:
        _refuse("followed_by", "Only a plan that lasts so many days is followed by another.")
    if not 0 <= plan.term_months <= 120:
        _refuse("term_months", "A term is ten years at most.")
    _check_other(plan, "followed_by")


def _check_failure(plan: Plan) -> None:
    if len(plan.retry_days) > RETRIES_MAX:
        _refuse("retry_days", f"{RETRIES_MAX} retries are the most.")
    if any(not 0 < days <= DAYS_MAX for days in plan.retry_days):
        _refuse("retry_days", f"Each is a number of days, from 1 to {DAYS_MAX}.")
    if plan.on_failure != OnFailure.FALL_BACK:
        if plan.fallback_id:
            _refuse("fallback", "Say that another plan takes its place, or leave this empty.")
        return
    if plan.fallback is None:
        _refuse("fallback", "Choose the plan that takes its place.")
    if plan.fallback.fee or plan.fallback.minimum_spend:
        _refuse("fallback", "Who does not pay falls to a plan that costs nothing.")
    _check_other(plan, "fallback")


def _check_other(plan: Plan, field: str) -> None:
    other: Plan | None = getattr(plan, field)
    if other is None:
        return
    if other.code == plan.code:
        _refuse(field, "It cannot be the plan itself.")
    if other.state != PlanState.PUBLISHED:
        _refuse(field, f"{other} is not published.")


def _refuse(field: str, detail: str) -> NoReturn:
    raise PlanRefused(field, detail)
