"""Whoever makes a plan that costs nothing does not give its credits to a customer, too."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import ids
from accounts.audit import acting
from accounts.models import User
from accounts.models.audit import Via
from billing.models import Subscription
from tests.billing.plans.world import new_plan
from tests.factories.accounts import CustomerFactory


@pytest.mark.parametrize(("credits", "others"), [(2_000_000, 1), (1_000, 2)])
def test_credits_of_ones_own_plan_need_another_person(db, credits, others):
    staff = [
        User.objects.create_user(f"{name}@x.example", is_staff=True, staff_role="finance")
        for name in ("fay", "finn")
    ]
    with acting(person=staff[0].pk, via=Via.ADMIN):
        plan = new_plan(fee=0, included_credits=credits)
    for by in staff:
        customer, client = CustomerFactory(), Client()
        client.force_login(by)
        said = {"customer": ids.encode(ids.CUSTOMER, customer.id), "plan": plan.pk}
        client.post(reverse("admin:billing_subscription_start"), said)
    assert Subscription.objects.filter(plan=plan).count() == others


def test_a_made_up_id_within_a_form_is_told_so(admin_client, db):
    admin_client.raise_request_exception = False
    page = reverse("admin:accounts_customer_change", args=[CustomerFactory().pk])
    page = f"{page}edit" if not page.endswith("/change/") else page.replace("/change/", "/edit")
    row = {"members-0-id": "1", "members-0-role": "owner"}
    counts = {"members-TOTAL_FORMS": "1", "members-INITIAL_FORMS": "1"}
    answer = admin_client.post(page, {"name": "A", "time_zone": "UTC", **row, **counts})
    assert answer.status_code < 500
