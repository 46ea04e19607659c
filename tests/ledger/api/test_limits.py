"""GET and PUT /v1/customers/{id}/limits."""

import pytest

from accounts import ids
from ledger import limits
from ledger.amounts import CREDIT
from ledger.limits import Limit
from tests.factories.accounts import ApiKeyFactory, CustomerFactory
from tests.ledger.api.conftest import operate, path, problem

pytestmark = pytest.mark.django_db

CAP = {"kind": "spend", "period": "month", "hard": "50", "soft": "12.5"}


def put(service, customer, *given):
    return service.put(path(customer, "/limits"), {"limits": list(given)})


def test_what_is_set_is_read_with_what_is_used(service, own, funded):
    operate("debit", funded, amount=3 * CREDIT)
    assert put(service, funded, CAP, {"kind": "holds", "count": 2}).status_code == 200
    operate("reserve", funded, amount=CREDIT)
    told = own.get(path(funded, "/limits")).json()
    assert told["time_zone"] == "UTC"
    holds, cap = told["limits"]
    assert (holds["kind"], holds["count"], holds["open"]) == ("holds", 2, 1)
    shown = (cap["source"], cap["scope"], cap["hard"], cap["soft"], cap["used"])
    assert shown == ("provider", "customer", "50", "12.5", "4")
    assert cap["resets_at"].endswith("-01T00:00:00Z")


def test_none_are_in_place_of_some(service, funded):
    put(service, funded, CAP)
    assert put(service, funded).json()["limits"] == []


def test_a_key_and_a_rate(service, funded):
    key, _ = ApiKeyFactory(customer=funded)
    name = ids.encode(ids.KEY, key.id)
    given = {"kind": "rate", "scope": "key", "subject": name, "calls": 30, "seconds": 60}
    (told,) = put(service, funded, given).json()["limits"]
    assert (told["subject"], told["calls"], told["seconds"]) == (name, 30, 60)
    assert limits.of(funded.id)[0].limit.every == 2_000_000


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (CAP | {"hard": "-1"}, "hard"),
        (CAP | {"hard": "1.0000001"}, "hard"),
        (CAP | {"soft": "50.000001"}, "soft"),
        (CAP | {"period": "week"}, "period"),
        (CAP | {"kind": "speed"}, "kind"),
        (CAP | {"scope": "team"}, "scope"),
        (CAP | {"subject": "key_1"}, "subject"),
        (CAP | {"calls": 5}, "calls"),
        ({"kind": "spend", "period": "day"}, "hard"),
        ({"kind": "rate", "calls": 0, "seconds": 5}, "calls"),
        ({"kind": "holds", "count": -1}, "count"),
        ({"kind": "largest"}, "hard"),
        (CAP | {"scope": "endpoint", "subject": "nothing"}, "subject"),
        (CAP | {"scope": "key", "subject": "key_1"}, "subject"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_saved(service, funded, given, field):
    put(service, funded, CAP)
    refused = put(service, funded, {"kind": "holds", "count": 1}, given)
    assert problem(refused) == (400, "invalid-request")
    assert f"limits[1].{field}" in [error["field"] for error in refused.json()["errors"]]
    assert [one.limit.kind for one in limits.of(funded.id)] == ["spend"]


def test_another_customers_key_is_none(service, funded):
    key, _ = ApiKeyFactory(customer=CustomerFactory())
    given = CAP | {"scope": "key", "subject": ids.encode(ids.KEY, key.id)}
    assert problem(put(service, funded, given)) == (400, "invalid-request")


def test_the_same_twice_is_refused(service, funded):
    assert problem(put(service, funded, CAP, CAP)) == (400, "invalid-request")


def test_a_cap_below_what_is_spent_names_that(service, funded):
    put(service, funded, CAP)
    operate("debit", funded, amount=3 * CREDIT)
    refused = put(service, funded, CAP | {"hard": "2.999999", "soft": None})
    assert problem(refused) == (409, "cap-below-spent")
    assert (refused.json()["limit"], refused.json()["used"]) == ("2.999999", "3")
    assert limits.of(funded.id)[0].limit.hard == 50 * CREDIT


def test_a_cap_for_each_key_below_what_one_spent_names_the_key(service, funded):
    key, _ = ApiKeyFactory(customer=funded)
    operate("debit", funded, amount=3 * CREDIT, api_key_id=key.id)
    refused = put(service, funded, {"kind": "spend", "scope": "key", "period": "day", "hard": 2})
    assert problem(refused) == (409, "cap-below-spent")
    assert refused.json()["subject"] == ids.encode(ids.KEY, key.id)


def test_the_customers_own_stay(service, funded):
    limits.set_limits(
        funded.id, "customer", [Limit("customer", "spend", period="day", hard=CREDIT)]
    )
    assert len(put(service, funded, CAP).json()["limits"]) == 2


def test_a_customer_does_not_set_them(own, customer):
    assert problem(put(own, customer, CAP))[0] == 403
