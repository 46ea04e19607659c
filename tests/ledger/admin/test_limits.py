"""Staff's page of a customer's limits."""

import pytest
from django.urls import reverse

from ledger import limits, services
from ledger.amounts import CREDIT
from ledger.operations import Operation

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(funded) -> str:
    return reverse("admin:accounts_customer_limits", args=[funded.id])


def test_a_limit_is_given_shown_and_removed(staff, funded, page):
    given = {"add": "1", "whose": "customer:", "kind": "spend", "period": "day", "hard": "50"}
    assert staff.post(page, given).status_code == 302
    assert staff.post(page, {"add": "1", "whose": "key:", "kind": "holds", "count": 3}).status_code
    assert [one.kind for one in limits.given(funded.id, "provider")] == ["spend", "holds"]
    shown = staff.get(page).content.decode()
    assert "At most 50 credits a day" in shown
    assert "0 of 50 used" in shown
    assert "00:00 UTC" in shown
    staff.post(page, {"remove": "customer::spend:day"})
    assert [one.kind for one in limits.given(funded.id, "provider")] == ["holds"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"kind": "spend", "hard": "5"}, "Give one of day, month, lifetime."),
        ({"kind": "spend", "period": "day", "hard": "-5"}, "Credits are not negative"),
        ({"kind": "spend", "period": "day", "hard": "5", "soft": "6"}, "A soft cap warns before"),
        ({"kind": "rate", "calls": 5}, "Give a whole number from 1"),
        ({"kind": "largest"}, "Say how many credits one hold may have."),
        ({"kind": "spend", "period": "lifetime", "hard": "9"}, "10 credits are spent or held"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_saved(staff, funded, page, sent, said):
    services.apply_one(Operation(op="debit", customer_id=funded.id, amount=10 * CREDIT))
    answer = staff.post(page, {"add": "1", "whose": "customer:"} | sent)
    assert said in answer.content.decode()
    assert limits.given(funded.id, "provider") == []


def test_the_customers_page_leads_there(staff, funded, page):
    shown = staff.get(reverse("admin:accounts_customer_change", args=[funded.id]))
    assert page in shown.content.decode()


def test_nobody_else_sees_it(client, page):
    assert client.get(page).status_code == 302
