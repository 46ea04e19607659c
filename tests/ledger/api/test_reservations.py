from datetime import UTC, datetime, timedelta

import pytest

from accounts import ids
from accounts.ids import uuid7
from accounts.models import ServiceKey
from accounts.selectors import key_digest
from ledger import services, wallets
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from ledger.keys import core_key
from ledger.prices import rate_cards
from ledger.prices.pricing import Unit
from tests.factories.accounts import CustomerFactory
from tests.ledger.api.conftest import operate, problem

pytestmark = pytest.mark.django_db


def name(result, price_id=0):
    return str(ReservationId(result.customer_id, result.reservation_id, price_id))


def listed(caller, query=""):
    response = caller.get(f"/reservations?{query}")
    assert response.status_code == 200
    return [one["id"] for one in response.json()["data"]]


def of(customer):
    return f"customer={ids.encode('cus', customer.id)}"


def core_key_of(caller, text):
    service_id = ServiceKey.objects.get(digest=key_digest(caller.secret)).service_id
    return core_key(service_id, text)


@pytest.fixture
def price(db):
    card = rate_cards.create_card(name="2026-11", effective_at=datetime.now(UTC))
    endpoint = rate_cards.create_endpoint(code="generate", name="Generate")
    price = rate_cards.set_price(
        card,
        endpoint,
        per_call=2 * CREDIT,
        units=[Unit("tokens", 1000, 350_000)],
    )
    rate_cards.publish(card)
    return price


class TestOne:
    def test_an_open_hold_shows_its_price_its_lots_and_the_balance(self, service, funded, price):
        hold = operate(
            "reserve",
            funded,
            amount=2_350_000,
            price_id=price.id,
            quantities={"tokens": "1000"},
            metadata={"job": "7"},
        )
        response = service.get(f"/reservations/{name(hold, price.id)}")
        assert response.status_code == 200
        body = response.json()
        created, expires = (
            datetime.fromisoformat(body.pop(field)) for field in ("created_at", "expires_at")
        )
        assert expires - created == timedelta(seconds=900)
        assert body == {
            "id": name(hold, price.id),
            "status": "held",
            "customer": ids.encode("cus", funded.id),
            "endpoint": "generate",
            "amount": "2.35",
            "committed": "0",
            "released": "0",
            "uncollected": "0",
            "reversed": "0",
            "lots": [{"lot": ids.encode("lot", hold.lots[0]), "amount": "2.35"}],
            "price": {
                "rate_card": "2026-11",
                "per_call": "2",
                "quantity": {"name": "tokens", "per": 1000, "amount": "0.35"},
            },
            "quantity": {"tokens": "1000"},
            "overrun": "reject",
            "outcome": None,
            "transaction": None,
            "ended_at": None,
            "metadata": {"job": "7"},
            "balance": {"available": "97.65", "held": "2.35", "frozen": "0", "total": "100"},
        }

    def test_a_settled_one_shows_what_paid(self, service, funded):
        hold = operate("reserve", funded, amount=10 * CREDIT)
        done = operate("commit", funded, reservation_id=hold.reservation_id, amount=4 * CREDIT)
        body = service.get(f"/reservations/{name(hold)}").json()
        assert (body["status"], body["committed"], body["released"]) == ("committed", "4", "6")
        assert body["lots"] == [{"lot": ids.encode("lot", hold.lots[0]), "amount": "4"}]
        assert body["transaction"] == ids.encode("txn", done.transaction_id)
        assert (body["endpoint"], body["price"], body["quantity"]) == (None, None, None)

    def test_one_whose_time_has_come_is_expired_and_its_credits_are_free(self, service, funded):
        hold = operate("reserve", funded, amount=10 * CREDIT, expires_in=0)
        body = service.get(f"/reservations/{name(hold)}").json()
        assert (body["status"], body["released"]) == ("expired", "10")
        assert body["ended_at"] == body["expires_at"]
        assert body["balance"]["available"] == "100"
        assert service.get(f"/reservations/{name(hold)}").json() == body

    def test_credits_on_credit_come_from_no_lot(self, service, customer):
        wallets.set_credit_limit(customer.id, limit=5 * CREDIT)
        hold = operate("reserve", customer, amount=5 * CREDIT)
        body = service.get(f"/reservations/{name(hold)}").json()
        assert body["lots"] == [{"lot": None, "amount": "5"}]

    def test_a_customer_reads_its_own(self, own, funded):
        hold = operate("reserve", funded, amount=CREDIT)
        assert own.get(f"/reservations/{name(hold)}").status_code == 200

    def test_another_customers_is_answered_like_what_does_not_exist(self, stranger, funded):
        hold = operate("reserve", funded, amount=CREDIT)
        nothing = ReservationId(funded.id, uuid7(), 0)
        foreign, absent = (
            stranger.send("GET", f"/reservations/{one}", X_Request_Id="same")
            for one in (name(hold), nothing)
        )
        assert problem(foreign) == (404, "not-found")
        assert foreign.content == absent.content

    def test_a_name_that_was_tampered_with_names_nothing(self, service, funded, price):
        hold = operate("reserve", funded, amount=CREDIT)
        other = CustomerFactory()
        for wrong in (
            name(hold, price.id),
            str(ReservationId(other.id, hold.reservation_id, 0)),
            str(ReservationId(uuid7(), hold.reservation_id, 0)),
            name(hold)[:-1],
            name(hold).upper(),
            "rsv_1",
        ):
            assert problem(service.get(f"/reservations/{wrong}")) == (404, "not-found")


class TestSome:
    def test_the_last_made_stands_first(self, service, funded):
        made = [name(operate("reserve", funded, amount=CREDIT)) for _ in range(3)]
        assert listed(service, of(funded)) == made[::-1]

    def test_they_are_found_by_status(self, service, funded):
        held, committed, released, reversed, overdue, expired = (
            operate("reserve", funded, amount=CREDIT, expires_in=life)
            for life in (900, 900, 900, 900, 0, 0)
        )
        for op, hold in (
            ("commit", committed),
            ("release", released),
            ("commit", reversed),
            ("reverse", reversed),
        ):
            operate(op, funded, reservation_id=hold.reservation_id)
        assert listed(service, f"{of(funded)}&status=held") == [name(held)]
        assert listed(service, f"{of(funded)}&status=committed") == [name(committed)]
        assert listed(service, f"{of(funded)}&status=released") == [name(released)]
        assert listed(service, f"{of(funded)}&status=reversed") == [name(reversed)]
        assert listed(service, f"{of(funded)}&status=expired") == [name(expired), name(overdue)]

    def test_a_hold_that_is_overdue_is_listed_as_expired_before_anybody_settles_it(
        self, service, funded
    ):
        hold = operate("reserve", funded, amount=CREDIT, expires_in=0)
        assert listed(service, f"{of(funded)}&status=held") == []
        assert listed(service, f"{of(funded)}&status=expired") == [name(hold)]

    def test_a_service_lists_those_of_all_customers(self, service, funded):
        other = CustomerFactory()
        services.grant(other.id, amount=CREDIT, kind="promo")
        made = [name(operate("reserve", one, amount=CREDIT)) for one in (funded, other)]
        assert listed(service) == made[::-1]

    def test_a_customer_lists_its_own_only(self, own, funded):
        other = CustomerFactory()
        services.grant(other.id, amount=CREDIT, kind="promo")
        operate("reserve", other, amount=CREDIT)
        hold = operate("reserve", funded, amount=CREDIT)
        assert listed(own) == listed(own, of(funded)) == [name(hold)]
        assert problem(own.get(f"/reservations?{of(other)}")) == (404, "not-found")

    def test_an_unknown_customer_is_not_found(self, service):
        for customer in (ids.encode("cus", uuid7()), "cus_1", ""):
            response = service.get(f"/reservations?customer={customer}")
            assert problem(response) == (404, "not-found")

    @pytest.mark.parametrize("query", ["status=open", "status=", "limit=0", "cursor=WzFd"])
    def test_a_wrong_parameter_is_named(self, service, query):
        response = service.get(f"/reservations?{query}")
        assert problem(response) == (400, "invalid-request")
        assert response.json()["errors"][0]["field"] == query.partition("=")[0]

    def test_pages_neither_skip_nor_repeat_while_rows_arrive(self, service, funded):
        made = [name(operate("reserve", funded, amount=CREDIT)) for _ in range(5)]
        found, cursor = [], ""
        while cursor is not None:
            body = service.get(f"/reservations?{of(funded)}&limit=2{cursor}").json()
            found += [one["id"] for one in body["data"]]
            cursor = body["next_cursor"] and f"&cursor={body['next_cursor']}"
            operate("reserve", funded, amount=CREDIT)
        assert found == made[::-1]

    def test_pages_tell_two_customers_with_one_id_apart(self, service, funded):
        other = CustomerFactory()
        services.grant(other.id, amount=CREDIT, kind="promo")
        key = uuid7()
        made = {name(operate("reserve", one, amount=CREDIT, key=key)) for one in (funded, other)}
        first = service.get("/reservations?limit=1").json()
        second = listed(service, f"limit=1&cursor={first['next_cursor']}")
        assert {first["data"][0]["id"], *second} == made


class TestByIdempotencyKey:
    @pytest.mark.parametrize("text", ["order 7", str(uuid7())])
    @pytest.mark.parametrize("with_customer", [True, False])
    def test_a_reservation_is_found_by_the_key_that_made_it(
        self, service, funded, text, with_customer
    ):
        key = core_key_of(service, text)
        hold = operate("reserve", funded, amount=CREDIT, key=key, key_is_id=key.version == 7)
        assert hold.reservation_id.version == 7
        operate("reserve", funded, amount=CREDIT)
        query = f"idempotency_key={text}" + (f"&{of(funded)}" if with_customer else "")
        assert listed(service, query) == [name(hold)]
        operate("release", funded, reservation_id=hold.reservation_id)
        assert listed(service, query) == [name(hold)]

    @pytest.mark.parametrize("text", ["done 7", str(uuid7())])
    def test_and_by_the_key_that_settled_it(self, service, funded, text):
        hold = operate("reserve", funded, amount=CREDIT)
        key = core_key_of(service, text)
        operate(
            "commit",
            funded,
            reservation_id=hold.reservation_id,
            key=key,
            key_is_id=key.version == 7,
        )
        assert listed(service, f"{of(funded)}&idempotency_key={text}") == [name(hold)]

    def test_a_quoted_key_is_the_same_key(self, service, funded):
        hold = operate(
            "reserve", funded, amount=CREDIT, key=core_key_of(service, "a"), key_is_id=False
        )
        assert listed(service, 'idempotency_key="a"') == [name(hold)]

    def test_a_key_that_was_not_used_finds_nothing(self, service, funded):
        operate("reserve", funded, amount=CREDIT)
        assert listed(service, "idempotency_key=other") == []

    def test_a_key_that_is_none_is_refused(self, service):
        response = service.get("/reservations?idempotency_key=")
        assert problem(response) == (400, "idempotency-key-malformed")

    def test_a_customer_has_no_keys_to_ask_by(self, own):
        assert problem(own.get("/reservations?idempotency_key=a")) == (403, "forbidden")


def test_other_methods_are_told_which_ones_there_are(service):
    response = service.send("DELETE", "/reservations")
    assert problem(response) == (405, "method-not-allowed")
    assert response["Allow"] == "GET, HEAD, POST"


def test_a_head_is_answered_like_a_get_without_a_body(service):
    response = service.send("HEAD", "/reservations")
    assert (response.status_code, response.content) == (200, b"")
