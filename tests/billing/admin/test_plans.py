"""Staff's pages of plans."""

import pytest
from django.urls import reverse

from accounts import ids
from accounts.models import User
from billing.models import Plan, Subscription
from tests.billing.plans.world import draft_plan, new_plan
from tests.factories.accounts import CustomerFactory

LIST = "admin:billing_plan_changelist"
FORM = {
    **{"name": "Pro", "code": "pro", "currency": "USD", "fee": "20.00", "is_public": "on"},
    **{"included_credits": "500", "rollover_credits": "0", "connection_fee": "0"},
    **{"connection_credits": "0", "connections_included": "0", "overage": "stop"},
    **{"credit_limit": "0", "overage_price": "0", "top_up_threshold": "0", "top_up_target": "0"},
    **{"top_up_cap": "0", "minimum_spend": "0", "term_months": "0", "retry_days": "1,3"},
    **{"on_failure": "keep", "limits": "[]", "late_commits": "unknown"},
}


@pytest.fixture
def staff(db, client):
    client.force_login(User.objects.create_superuser("boss@example.com"))
    return client


def act(staff, plan, action):
    return staff.post(reverse(LIST), {"action": action, "_selected_action": [str(plan.pk)]})


def test_a_draft_is_written_published_and_versioned(staff):
    answer = staff.post(reverse("admin:billing_plan_add"), FORM)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    plan = Plan.objects.get(code="pro")
    assert (plan.fee, plan.included_credits, plan.retry_days) == (20_00, 500_000_000, [1, 3])
    act(staff, plan, "publish")
    plan.refresh_from_db()
    assert plan.state == "published"
    page = reverse("admin:billing_plan_change", args=[plan.pk])
    assert staff.post(page, FORM | {"fee": "1.00"}).status_code == 403
    act(staff, plan, "new_version")
    assert Plan.objects.get(code="pro", state="draft").version == 2
    act(staff, plan, "retire")
    plan.refresh_from_db()
    assert (plan.state, plan.fee) == ("retired", 20_00)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("fee", "0.001", "no fractions of this size"),
        ("fee", "-1", "greater than or equal to 0"),
        ("credit_limit", "5", "Only post-paid use has a credit limit."),
        ("limits", '[{"scope": "moon"}]', "Limit 1 needs scope"),
        ("included_credits", "0.0000001", "6 decimal places"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_saved(staff, field, value, told):
    answer = staff.post(reverse("admin:billing_plan_add"), FORM | {field: value})
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not Plan.objects.exists()


def test_a_subscription_is_started_and_moved(staff):
    customer, plan, other = CustomerFactory(), new_plan("a"), new_plan("b")
    name = ids.encode(ids.CUSTOMER, customer.id)
    start = reverse("admin:billing_subscription_start")
    assert staff.get(start).status_code == 200
    assert (
        "no such customer"
        in staff.post(start, {"customer": "cus_1", "plan": plan.pk}).content.decode()
    )
    staff.post(start, {"customer": name, "plan": plan.pk})
    subscription = Subscription.objects.get(customer=customer)
    move = reverse("admin:billing_subscription_move", args=[subscription.pk])
    assert staff.get(move).status_code == 200
    staff.post(move, {"plan": other.pk, "at_once": "on"})
    subscription.refresh_from_db()
    assert subscription.plan == other
    page = staff.get(reverse("admin:billing_subscription_change", args=[subscription.pk]))
    assert "Move to another plan" in page.content.decode()


def test_who_may_not_is_refused(client, db):
    clerk = User.objects.create_user("clerk@example.com", is_staff=True)
    client.force_login(clerk)
    assert client.get(reverse("admin:billing_subscription_start")).status_code == 403
    plan = draft_plan("draft")
    plan.save()
    assert client.get(reverse("admin:billing_plan_change", args=[plan.pk])).status_code == 403
