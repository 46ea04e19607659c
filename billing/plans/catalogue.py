"""Plans come on offer, version by version. A version that was published is never changed."""

from django.db import transaction
from django.db.models import Max, QuerySet

from accounts.ids import uuid7
from billing.models import Plan, PlanState
from billing.plans import checking
from billing.plans.errors import PlanInUse
from ledger import selectors


def save(plan: Plan) -> Plan:
    """A draft, with what is right of it. Raises PlanRefused, PlanInUse."""
    if plan.state != PlanState.DRAFT:
        raise PlanInUse
    checking.check(plan)
    plan.save()
    return plan


@transaction.atomic
def publish(plan: Plan) -> Plan:
    """From now on it is on offer, in place of the version before; whoever is on that one stays on
    it. Raises PlanRefused, PlanInUse."""
    plan = Plan.objects.select_for_update().get(pk=plan.pk)
    if plan.state != PlanState.DRAFT:
        raise PlanInUse
    checking.check(plan)
    before = Plan.objects.filter(code=plan.code, state=PlanState.PUBLISHED)
    before.update(state=PlanState.RETIRED, retired_at=selectors.now())
    plan.state, plan.published_at = PlanState.PUBLISHED, selectors.now()
    plan.save(update_fields=["state", "published_at"])
    return plan


def retire(plan: Plan) -> Plan:
    """Nobody comes to it any more."""
    published = Plan.objects.filter(pk=plan.pk, state=PlanState.PUBLISHED)
    published.update(state=PlanState.RETIRED, retired_at=selectors.now())
    plan.refresh_from_db()
    return plan


@transaction.atomic
def new_version(plan: Plan) -> Plan:
    """A draft with the same settings; the one that there is, where there is one."""
    versions = Plan.objects.select_for_update().filter(code=plan.code)
    draft = versions.filter(state=PlanState.DRAFT).first()
    if draft is not None:
        return draft
    last = Plan.objects.filter(code=plan.code).aggregate(last=Max("version"))["last"]
    copy = Plan.objects.get(pk=plan.pk)
    copy.pk, copy.version, copy.state = uuid7(), last + 1, PlanState.DRAFT
    copy.published_at = copy.retired_at = None
    copy.created_at = selectors.now()
    copy.save(force_insert=True)
    return copy


def offered() -> QuerySet[Plan]:
    """To whoever looks, the cheapest first."""
    published = Plan.objects.filter(state=PlanState.PUBLISHED, is_public=True)
    return published.order_by("currency", "fee", "code")
