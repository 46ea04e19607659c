"""An address of the admin that says nonsense is told so: it is no error of ours."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User

NUL = "\x00"


@pytest.fixture
def boss(db):
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("boss@example.com"))
    return client


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ("accounts_user", {"staff_role__exact": NUL}),
        ("billing_exchangerate", {"currency": NUL}),
        ("ledger_refusedevent", {"state__exact": NUL}),
        ("billing_mail", {"q": f"a{NUL}"}),
        ("accounts_apikey", {"created_at__year": "9" * 23}),
        ("accounts_servicekey", {"created_at__year": "9" * 23}),
        ("billing_exchangerate", {"day__year": "9" * 23}),
        ("accounts_auditentry", {"until": "9999-12-31"}),
        ("accounts_auditentry", {"since": "9999-12-31"}),
        ("accounts_auditentry", {"since": "0001-01-01"}),
    ],
)
def test_a_list(boss, page, asked):
    answer = boss.get(reverse(f"admin:{page}_changelist"), asked)
    assert answer.status_code < 500


def test_a_row(boss):
    assert boss.get("/admin/billing/job/%00/history/").status_code == 400


def test_days_are_still_asked_for(boss):
    page = reverse("admin:billing_exchangerate_changelist")
    assert boss.get(page, {"day__year": "2026", "day__month": "11"}).status_code == 200
