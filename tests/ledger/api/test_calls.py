from datetime import UTC, datetime, timedelta

import pytest

from accounts import ids
from accounts.ids import uuid7
from accounts.models import HOUSE_ID
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from ledger.prices import rate_cards
from ledger.prices.pricing import Unit
from tests.factories.accounts import ApiKeyFactory, CustomerFactory
from tests.ledger.api.conftest import operate, path, problem

pytestmark = pytest.mark.django_db


def name(result, price_id=0):
    return str(ReservationId(result.customer_id, result.reservation_id, price_id))


def listed(caller, customer, query=""):
    response = caller.get(path(customer, f"/calls?{query}"))
    assert response.status_code == 200
    return [one["id"] for one in response.json()["data"]]


@pytest.fixture
def prices(db):
    """Of classify and summarize, by the endpoint's code."""
    card = rate_cards.create_card(name="2026-11", effective_at=datetime.now(UTC))
    found = {}
    for code in ("classify", "summarize"):
        endpoint = rate_cards.create_endpoint(code=code, name=code)
        found[code] = rate_cards.set_price(card, endpoint, per_call=CREDIT, units=[Unit("tokens")])
    rate_cards.publish(card)
    return found


class TestOne:
    def test_all_of_a_call_is_told(self, service, funded, prices):
        key = ApiKeyFactory(customer=funded).key
        hold = operate(
            "reserve",
            funded,
            amount=10 * CREDIT,
            price_id=prices["classify"].id,
            quantities={"tokens": "1000"},
            api_key_id=key.id,
            request_id="asked-1",
            address="203.0.113.7",
            metadata={"job": "7"},
        )
        done = operate(
            "commit",
            funded,
            reservation_id=hold.reservation_id,
            amount=4 * CREDIT,
            quantities={"tokens": "400"},
            outcome="success",
            request_id="settled-1",
        )
        operate("reverse", funded, reservation_id=hold.reservation_id, amount=CREDIT)
        (call,) = service.get(path(funded, "/calls")).json()["data"]
        created, ended = (
            datetime.fromisoformat(call.pop(f"{at}_at")) for at in ("created", "ended")
        )
        assert timedelta() <= ended - created < timedelta(minutes=1)
        assert call == {
            "id": name(hold, prices["classify"].id),
            "status": "committed",
            "endpoint": "classify",
            "key": {"id": ids.encode("key", key.id), "prefix": key.prefix},
            "cost": "3",
            "amount": "10",
            "committed": "4",
            "reversed": "1",
            "outcome": "success",
            "quantity": {"tokens": "400"},
            "calls": 1,
            "transaction": ids.encode("txn", done.transaction_id),
            "request_id": "asked-1",
            "ended_request_id": "settled-1",
            "address": "203.0.113.7",
            "happened_at": None,
            "reported": False,
            "metadata": {"job": "7"},
        }

    def test_an_open_one_has_cost_what_was_committed_of_it_so_far(self, service, funded):
        hold = operate("reserve", funded, amount=10 * CREDIT)
        operate(
            "commit", funded, reservation_id=hold.reservation_id, amount=4 * CREDIT, final=False
        )
        (call,) = service.get(path(funded, "/calls")).json()["data"]
        assert (call["status"], call["cost"], call["amount"]) == ("held", "4", "10")
        assert call["ended_at"] is call["key"] is call["endpoint"] is call["outcome"] is None

    def test_a_customer_does_not_see_what_is_behind_the_provider(self, own, service, funded):
        operate("debit", funded, amount=CREDIT, address="10.0.0.3", request_id="r-1")
        (seen,) = own.get(path(funded, "/calls")).json()["data"]
        (known,) = service.get(path(funded, "/calls")).json()["data"]
        assert (seen.pop("address"), known.pop("address")) == (None, "10.0.0.3")
        assert seen == known


class TestFilters:
    def test_the_last_made_stands_first_whatever_became_of_them(self, service, funded):
        made = [operate("reserve", funded, amount=CREDIT) for _ in range(3)]
        operate("release", funded, reservation_id=made[1].reservation_id)
        assert listed(service, funded) == [name(one) for one in made[::-1]]

    def test_by_endpoint(self, service, funded, prices):
        made = {
            code: name(operate("debit", funded, amount=CREDIT, price_id=price.id), price.id)
            for code, price in prices.items()
        }
        operate("debit", funded, amount=CREDIT)
        for code in prices:
            assert listed(service, funded, f"endpoint={code}") == [made[code]]
        assert listed(service, funded, "endpoint=other") == []

    def test_by_key(self, service, funded):
        key, other = (ApiKeyFactory(customer=funded).key for _ in range(2))
        call = operate("debit", funded, amount=CREDIT, api_key_id=key.id)
        operate("debit", funded, amount=CREDIT)
        assert listed(service, funded, f"key={ids.encode('key', key.id)}") == [name(call)]
        assert listed(service, funded, f"key={ids.encode('key', other.id)}") == []

    def test_by_another_customers_key_or_one_that_does_not_exist(self, service, own, funded):
        for key in (ids.encode("key", ApiKeyFactory().key.id), ids.encode("key", uuid7()), "key_1"):
            for caller in (service, own):
                response = caller.get(path(funded, f"/calls?key={key}"))
                assert problem(response) == (404, "not-found")

    def test_by_status(self, service, funded):
        held, released, overdue = (
            operate("reserve", funded, amount=CREDIT, expires_in=life) for life in (900, 900, 0)
        )
        operate("release", funded, reservation_id=released.reservation_id)
        done = operate("debit", funded, amount=CREDIT)
        for state, call in (
            ("held", held),
            ("released", released),
            ("expired", overdue),
            ("committed", done),
        ):
            assert listed(service, funded, f"status={state}") == [name(call)]

    def test_by_outcome(self, service, funded):
        failed, done = (operate("reserve", funded, amount=CREDIT) for _ in range(2))
        for hold, outcome in ((failed, "server_error"), (done, "success")):
            operate("commit", funded, reservation_id=hold.reservation_id, outcome=outcome)
        assert listed(service, funded, "outcome=server_error") == [name(failed)]

    def test_by_the_request_that_made_or_settled_it(self, service, funded):
        hold = operate("reserve", funded, amount=CREDIT, request_id="one")
        operate("reserve", funded, amount=CREDIT, request_id="three")
        assert listed(service, funded, "request_id=two") == []
        operate("commit", funded, reservation_id=hold.reservation_id, request_id="two")
        for request in ("one", "two"):
            assert listed(service, funded, f"request_id={request}") == [name(hold)]

    def test_by_time_the_end_excluded(self, service, funded):
        made = [operate("debit", funded, amount=CREDIT) for _ in range(3)]
        calls = service.get(path(funded, "/calls")).json()["data"]
        first, second, third = (one["created_at"] for one in calls[::-1])
        assert listed(service, funded, f"from={first}&to={third}") == [
            name(made[1]),
            name(made[0]),
        ]
        assert listed(service, funded, f"from={second}") == [name(made[2]), name(made[1])]
        assert listed(service, funded, f"to={first}") == []

    def test_a_date_is_where_its_utc_day_begins(self, service, funded):
        call = operate("debit", funded, amount=CREDIT)
        (shown,) = service.get(path(funded, "/calls")).json()["data"]
        today = datetime.fromisoformat(shown["created_at"]).date()
        tomorrow = today + timedelta(days=1)
        assert listed(service, funded, f"from={today}&to={tomorrow}") == [name(call)]
        assert listed(service, funded, f"to={today}") == listed(service, funded, f"from={tomorrow}")

    @pytest.mark.parametrize(
        "query",
        [
            "status=open",
            "outcome=",
            "outcome=failed",
            "from=yesterday",
            "from=2026-11-21T10:00:00",
            "from=2026-13-01",
            "to=0001-01-01T00:00:00%2B14:00",
            "to=1969-12-31",
            "from=",
            "limit=101",
            "cursor=WzFd",
            "endpoint=%00",
            "request_id=a%00",
            "to=2026-11-21&from=2026-11-21",
        ],
    )
    def test_a_wrong_parameter_is_named(self, service, funded, query):
        response = service.get(path(funded, f"/calls?{query}"))
        assert problem(response) == (400, "invalid-request")
        assert response.json()["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("of", ["/calls", "/usage"])
class TestWhose:
    def test_a_customer_reads_its_own(self, own, funded, of):
        assert own.get(path(funded, of)).status_code == 200

    def test_another_customers_is_answered_like_what_does_not_exist(
        self, stranger, service, funded, of
    ):
        nobody = f"/customers/{ids.encode('cus', uuid7())}{of}"
        foreign, absent = (
            stranger.send("GET", name, X_Request_Id="same") for name in (path(funded, of), nobody)
        )
        assert problem(foreign) == (404, "not-found")
        assert foreign.content == absent.content
        for one in (ids.encode("cus", HOUSE_ID), "cus_1"):
            assert problem(service.get(f"/customers/{one}{of}")) == (404, "not-found")

    def test_other_customers_calls_are_not_in_it(self, service, funded, of):
        other = CustomerFactory()
        empty = service.get(path(other, of)).json()["data"]
        operate("debit", funded, amount=CREDIT)
        assert service.get(path(other, of)).json()["data"] == empty
