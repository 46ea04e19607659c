from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest

from accounts import ids
from ledger import usage as sums
from ledger.amounts import CREDIT
from ledger.paging import Asked
from ledger.periods import Period
from ledger.prices import rate_cards
from ledger.usage import Dimension
from tests.factories.accounts import ApiKeyFactory
from tests.factories.ledger import Clock
from tests.ledger.api.conftest import operate, path, problem

pytestmark = pytest.mark.django_db


def usage(caller, customer, query=""):
    response = caller.get(path(customer, f"/usage?{query}"))
    assert response.status_code == 200
    return response.json()["data"]


def card(name, *endpoints):
    """A published card that has these at a credit a call. Their prices."""
    made = rate_cards.create_card(name=name, effective_at=datetime.now(UTC))
    prices = [rate_cards.set_price(made, endpoint, per_call=CREDIT) for endpoint in endpoints]
    rate_cards.publish(made)
    return prices


@pytest.fixture
def endpoints(db):
    return [rate_cards.create_endpoint(code=code, name=code) for code in ("classify", "summarize")]


def test_all_of_it_is_one_sum(service, funded):
    assert usage(service, funded) == [{"calls": 0, "credits": "0"}]
    for amount in (0, 2_500_000, 4_000_000):
        operate("debit", funded, amount=amount)
    assert usage(service, funded) == [{"calls": 3, "credits": "6.5"}]


def test_what_was_committed_counts_net_of_reversals(service, funded):
    holds = [operate("reserve", funded, amount=10 * CREDIT).reservation_id for _ in range(5)]
    operate("release", funded, reservation_id=holds[0])
    operate("commit", funded, reservation_id=holds[1], amount=4 * CREDIT)
    operate("reverse", funded, reservation_id=holds[1], amount=CREDIT)
    operate("commit", funded, reservation_id=holds[2], amount=2 * CREDIT, final=False)
    operate("commit", funded, reservation_id=holds[3], amount=0)
    assert usage(service, funded) == [{"calls": 3, "credits": "5"}]


def test_an_endpoint_is_one_group_over_all_rate_cards(service, funded, endpoints):
    for name in ("2026-10", "2026-11"):
        for price in card(name, *endpoints):
            operate("debit", funded, amount=CREDIT, price_id=price.id)
    operate("debit", funded, amount=3 * CREDIT)
    assert usage(service, funded, "group_by=endpoint") == [
        {"endpoint": None, "calls": 1, "credits": "3"},
        {"endpoint": "classify", "calls": 2, "credits": "2"},
        {"endpoint": "summarize", "calls": 2, "credits": "2"},
    ]


def test_a_key_is_told_by_its_id_and_prefix(service, funded):
    keys = [ApiKeyFactory(customer=funded).key for _ in range(2)]
    for key, calls in zip((None, *keys), (1, 2, 3), strict=True):
        for _ in range(calls):
            operate("debit", funded, amount=CREDIT, api_key_id=key and key.id)
    assert usage(service, funded, "group_by=key") == [
        {"key": None, "calls": 1, "credits": "1"},
        *(
            {
                "key": {"id": ids.encode("key", key.id), "prefix": key.prefix},
                "calls": calls,
                "credits": str(calls),
            }
            for key, calls in zip(keys, (2, 3), strict=True)
        ),
    ]


def test_any_combination_groups_in_the_order_of_day_endpoint_and_key(service, funded, endpoints):
    prices = card("2026-11", *endpoints)
    key = ApiKeyFactory(customer=funded).key
    for price in prices:
        for key_id in (None, key.id, key.id):
            operate("debit", funded, amount=CREDIT, price_id=price.id, api_key_id=key_id)
    shown = {"id": ids.encode("key", key.id), "prefix": key.prefix}
    expected = [
        {"endpoint": code, "key": known, "calls": calls, "credits": str(calls)}
        for code in ("classify", "summarize")
        for known, calls in ((None, 1), (shown, 2))
    ]
    assert usage(service, funded, "group_by=key,endpoint") == expected
    today = str(Clock().now().date())
    assert usage(service, funded, "group_by=endpoint,day,key") == [
        {"day": today} | group for group in expected
    ]


def test_an_outcome_is_the_one_that_the_call_was_settled_with(service, funded):
    for outcome, calls in ((None, 1), ("success", 2), ("timeout", 1)):
        for _ in range(calls):
            operate("debit", funded, amount=CREDIT, outcome=outcome)
    assert usage(service, funded, "group_by=outcome") == [
        {"outcome": None, "calls": 1, "credits": "1"},
        {"outcome": "success", "calls": 2, "credits": "2"},
        {"outcome": "timeout", "calls": 1, "credits": "1"},
    ]
    first = service.get(path(funded, "/usage?group_by=outcome&limit=2")).json()
    assert usage(service, funded, f"group_by=outcome&cursor={first['next_cursor']}") == [
        {"outcome": "timeout", "calls": 1, "credits": "1"}
    ]


def test_a_cursor_of_before_there_were_outcomes_is_still_read(service, funded, endpoints):
    for price in card("2026-11", *endpoints):
        operate("debit", funded, amount=CREDIT, price_id=price.id)
    cursor = urlsafe_b64encode(b'[null,"classify",null]').decode()
    assert usage(service, funded, f"group_by=endpoint&cursor={cursor}") == [
        {"endpoint": "summarize", "calls": 1, "credits": "1"}
    ]


def test_all_groups_at_once_are_those_of_the_pages(funded, endpoints):
    for price in card("2026-11", *endpoints):
        for outcome in ("success", "success", "partial"):
            operate("debit", funded, amount=CREDIT, price_id=price.id, outcome=outcome)
    now = Clock().now()
    period = Period(now - timedelta(days=1), now + timedelta(days=1))
    groups = sums.sums(funded.id, period, [Dimension.ENDPOINT, Dimension.OUTCOME])
    assert [(one.group.endpoint, one.group.outcome, one.calls) for one in groups] == [
        ("classify", "partial", 1),
        ("classify", "success", 2),
        ("summarize", "partial", 1),
        ("summarize", "success", 2),
    ]
    assert groups == sums.usage(
        funded.id, Asked(10, None), period, [Dimension.ENDPOINT, Dimension.OUTCOME]
    )


def test_calls_that_ended_without_a_commit_are_counted(funded):
    for verb in ("release", "release", "commit", None):
        hold = operate("reserve", funded, amount=CREDIT, expires_in=900 if verb else 0)
        if verb:
            operate(verb, funded, reservation_id=hold.reservation_id, amount=None)
    operate("refresh", funded)
    now = Clock().now()
    period = Period(now - timedelta(days=1), now + timedelta(days=1))
    assert sums.unbilled(funded.id, period) == sums.Unbilled(released=2, expired=1)


def test_groups_are_paged_while_calls_arrive(service, funded):
    keys = sorted(ids.encode("key", ApiKeyFactory(customer=funded).key.id) for _ in range(5))
    for key in keys:
        operate("debit", funded, amount=CREDIT, api_key_id=ids.decode("key", key))
    found, cursor = [], ""
    while cursor is not None:
        body = service.get(path(funded, f"/usage?group_by=key,day&limit=2{cursor}")).json()
        found += [one["key"]["id"] for one in body["data"]]
        cursor = body["next_cursor"] and f"&cursor={body['next_cursor']}"
        operate("debit", funded, amount=CREDIT, api_key_id=ids.decode("key", keys[0]))
    assert found == keys


@pytest.mark.parametrize(
    "query",
    [
        "group_by=",
        "group_by=month",
        "group_by=day,",
        "group_by=day,hour",
        "from=2025-01-01&to=2026-11-21",
        "to=x",
        "cursor=W10=",
        "limit=0",
    ],
)
def test_a_wrong_parameter_is_named(service, funded, query):
    response = service.get(path(funded, f"/usage?{query}"))
    assert problem(response) == (400, "invalid-request")
    assert response.json()["errors"][0]["field"] == query.partition("=")[0]
