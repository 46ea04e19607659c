"""POST /v1/events: usage that is reported after the fact."""

import base64
import json
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest

from accounts.ids import encode, uuid7
from accounts.models import ApiKey, Customer, Scope
from ledger.models import RefusedEvent, Reservation, Transfer
from tests.factories.accounts import CustomerFactory, ServiceFactory
from tests.ledger.fastpath.events import LIST, ONE, ago, event, report, send, told
from tests.ledger.fastpath.shop import available, books, fund, funded, name, problem


def call_of(customer: Customer) -> Reservation:
    return Reservation.objects.get(customer=customer)


class TestOne:
    def test_is_charged_at_the_price_of_its_endpoint(self, api, customer):
        sent = event(customer, "generate", data={"quantity": {"tokens": 2000}})
        response = send(api, sent, ONE)
        assert response.status_code == 202
        (result,) = response.json()["results"]
        assert (result["id"], result["status"], result["problem"]) == (sent["id"], "accepted", None)
        call = call_of(customer)
        assert call.committed == 2_700_000 and call.quantities == {"tokens": "2000"}
        assert available(customer) == 97

    def test_the_call_log_tells_when_it_was_done_and_that_it_was_reported(self, api, customer):
        done = datetime.now(UTC).replace(microsecond=123456) - timedelta(days=3)
        report(api, event(customer, time=done.isoformat()))
        call, transfer = call_of(customer), Transfer.objects.get(customer=customer, kind="commit")
        assert (call.happened_at, transfer.effective_at) == (done, done)
        assert datetime.now(UTC) - transfer.posted_at < timedelta(minutes=1)
        (shown,) = api.send("GET", f"/customers/{name(customer)}/calls").json()["data"]
        assert shown["reported"] is True
        assert datetime.fromisoformat(shown["happened_at"]) == done

    def test_without_a_time_it_was_done_now(self, api, customer):
        report(api, event(customer))
        call = call_of(customer)
        assert abs(call.created_at - call.happened_at) < timedelta(seconds=2)

    @pytest.mark.parametrize("offset", ["Z", "z", "+00:00", "-05:30", "+14:00"])
    def test_its_time_may_have_any_offset(self, api, customer, offset):
        zone = (
            UTC if offset in "Zz" else datetime.fromisoformat(f"2026-01-01T00:00:00{offset}").tzinfo
        )
        done = (datetime.now(UTC) - timedelta(hours=2)).replace(microsecond=0)
        text = done.astimezone(zone).replace(tzinfo=None).isoformat() + offset
        assert told(report(api, event(customer, time=text))) == ["accepted"]
        assert call_of(customer).happened_at == done

    def test_its_data_may_come_in_base64(self, api, customer):
        data = base64.b64encode(json.dumps({"quantity": 1000}).encode()).decode()
        sent = event(customer, "generate", data_base64=data, datacontenttype="application/json")
        assert told(report(api, sent)) == ["accepted"]
        same = event(customer, "generate", data={"quantity": 1000}, id=sent["id"])
        assert told(report(api, same)) == ["duplicate"]

    def test_unknown_extensions_are_ignored(self, api, customer):
        sent = event(customer, traceparent="00-1", dataschema="x:y", comexampleextension=7)
        assert told(report(api, sent, sent | {"traceparent": "00-2"})) == ["accepted", "duplicate"]

    def test_may_come_in_binary_mode(self, api, customer):
        sent = event(customer, "generate", source="/meters/%C3%A4", time=ago(hours=1))
        headers = {f"ce_{name}": value for name, value in sent.items()}
        response = send(api, {"quantity": 1000}, "application/json", **headers)
        assert told(response.json()["results"]) == ["accepted"]
        same = sent | {"source": "/meters/ä", "data": {"quantity": 1000}}
        assert told(report(api, same)) == ["duplicate"]

    def test_an_amount_takes_its_scope(self, shop, api, customer):
        writer = shop.api(shop.key(Scope.DEBITS_WRITE))
        sent = event(customer, data={"amount": "7"})
        assert told(report(writer, sent)) == ["forbidden"]
        assert told(report(api, sent)) == ["accepted"]
        assert available(customer) == 93

    def test_is_of_the_key_that_it_was_done_with(self, api, customer):
        key, other = (
            ApiKey.objects.create(customer=of, digest=uuid7().bytes * 2, prefix="ddk_x", name="one")
            for of in (customer, CustomerFactory())
        )
        assert told(
            report(
                api,
                event(customer, data={"api_key": encode("key", key.id)}),
                event(customer, data={"api_key": encode("key", other.id)}),
                event(customer, data={"api_key": "key_x"}),
            )
        ) == ["accepted", "invalid-request", "not-found"]
        assert call_of(customer).api_key_id == key.id

    @pytest.mark.parametrize(
        ("type", "data", "charged"),
        [
            ("classify", {"outcome": "success"}, 1),
            ("classify", {"outcome": "server_error"}, 0),
            ("classify", {"status_code": 404}, 0),
            ("strict", {"outcome": "client_error"}, 5),
            ("strict", {"status_code": 503, "amount": "9"}, 0),
        ],
    )
    def test_its_outcome_says_what_is_billed(self, api, customer, type, data, charged):
        assert told(report(api, event(customer, type, data=data))) == ["accepted"]
        assert available(customer) == 100 - charged
        assert call_of(customer).state == "committed"


class TestAgain:
    def test_it_is_charged_once(self, api, customer):
        for id in ("a", str(uuid7()), f"Ä {uuid7()}"):
            sent = event(customer, id=id)
            before = available(customer)
            assert told(report(api, sent, sent)) == ["accepted", "duplicate"]
            assert told(report(api, sent)) == ["duplicate"]
            assert available(customer) == before - 1

    @pytest.mark.parametrize(
        "change",
        [
            {"type": "summarize"},
            {"data": {"quantity": 2}},
            {"data": {"metadata": {"a": "b"}}},
            {"time": ago(hours=2)},
        ],
    )
    @pytest.mark.parametrize("kind", [str, uuid7], ids=["text", "uuid7"])
    def test_with_other_content_it_is_rejected_by_name(self, api, customer, change, kind):
        sent = event(customer, "generate", time=ago(hours=1), data={"quantity": 1})
        if kind is uuid7:
            sent["id"] = str(uuid7())
        first, other = report(api, sent, sent | change)
        assert told([first, other]) == ["accepted", "idempotency-key-reused"]
        before = books(customer)
        assert told(report(api, sent | change, sent)) == ["idempotency-key-reused", "duplicate"]
        assert books(customer) == before

    def test_it_is_the_same_however_it_is_written(self, api, customer):
        done = datetime.now(UTC) - timedelta(hours=1)
        sent = event(
            customer, "generate", time=done.isoformat(), data={"quantity": 1, "outcome": "success"}
        )
        report(api, sent)
        there = done.astimezone(datetime.fromisoformat("2026-01-01T00:00+05:45").tzinfo)
        again = sent | {"time": there.isoformat(), "data": {"outcome": "success", "quantity": 1}}
        assert told(report(api, again)) == ["duplicate"]

    def test_ids_are_of_their_source_their_service_and_their_customer(self, shop, api, customer):
        sent, other = event(customer), funded()
        service = shop.api(shop.key(service=other_service()))
        assert (
            told(report(api, sent, sent | {"source": "/meters/2"}, sent | {"subject": name(other)}))
            == ["accepted"] * 3
        )
        assert told(report(service, sent)) == ["accepted"]
        assert available(customer) == 97 and available(other) == 99

    def test_source_and_id_do_not_run_into_each_other(self, api, customer):
        first, second = (
            event(customer, source=source, id=id) for source, id in (("a/b", "c"), ("a", "b/c"))
        )
        assert told(report(api, first, second)) == ["accepted", "accepted"]

    def test_what_was_accepted_stays_so_when_the_customer_is_suspended(self, api, customer):
        sent = event(customer)
        report(api, sent)
        suspended(customer, api)
        assert told(report(api, sent, event(customer))) == ["duplicate", "customer-suspended"]

    def test_an_event_is_no_request(self, api, customer):
        """Their keys are not the same, whatever they read like."""
        sent = event(customer, id="job-1", source="s")
        api.post("/debits", {"customer": name(customer), "amount": "1"}, Idempotency_Key="s/job-1")
        assert told(report(api, sent)) == ["accepted"]


class TestRejected:
    @pytest.mark.parametrize("missing", ["specversion", "id", "source", "type", "subject"])
    def test_for_a_missing_attribute(self, api, customer, missing):
        good, bad = event(customer), event(customer)
        del bad[missing]
        first, second = report(api, bad, good)
        assert told([first, second]) == ["invalid-request", "accepted"]
        assert missing in first["problem"]["detail"]
        assert first["id"] == bad.get("id")

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"specversion": "0.3"}, "invalid-request"),
            ({"id": ""}, "invalid-request"),
            ({"id": 7}, "invalid-request"),
            ({"id": "a\0"}, "invalid-request"),
            ({"source": ""}, "invalid-request"),
            ({"time": "yesterday"}, "invalid-request"),
            ({"time": "2026-11-01T00:00:00"}, "invalid-request"),
            ({"time": "0001-01-01T00:00:00+14:00"}, "event-too-old"),
            ({"time": "9999-12-31T23:59:59-14:00"}, "event-in-future"),
            ({"subject": "ddk_whatever"}, "not-found"),
            ({"subject": f"cus_{uuid7().hex}"}, "not-found"),
            ({"subject": f"cus_{0:032x}"}, "not-found"),
            ({"type": "nothing"}, "unknown-endpoint"),
            ({"data": {"quantity": {"pages": 1}}}, "unknown-quantity"),
            ({"data": {"quantity": -1}}, "unknown-quantity"),
            ({"data": {"quantty": 1}}, "invalid-request"),
            ({"data": [1]}, "invalid-request"),
            ({"data": "text"}, "invalid-request"),
            ({"data": {"amount": 1.5}}, "malformed-amount"),
            ({"data": {"amount": "-1"}}, "malformed-amount"),
            ({"data": {"outcome": "fine"}}, "invalid-request"),
            ({"data": {"outcome": "success", "status_code": 200}}, "invalid-request"),
            ({"data": {"metadata": {"a": "b" * 3000}}}, "invalid-request"),
            ({"datacontenttype": "text/xml", "data": None}, "invalid-request"),
            ({"data_base64": "e30=", "data": {}}, "invalid-request"),
            ({"data_base64": "%"}, "invalid-request"),
            ({"data_base64": "bm8="}, "invalid-request"),
            ({"data_base64": "\u00e9"}, "invalid-request"),
        ],
    )
    def test_by_itself(self, api, customer, wrong, code):
        bad = event(customer) | wrong
        results = report(api, event(customer), bad, event(customer))
        assert told(results) == ["accepted", code, "accepted"]
        assert available(customer) == 98

    @pytest.mark.parametrize(
        ("minutes", "code"), [(30 * 24 * 60 + 1, "event-too-old"), (-6, "event-in-future")]
    )
    def test_for_its_time(self, api, customer, minutes, code):
        assert told(report(api, event(customer, time=ago(minutes=minutes)))) == [code]

    def test_what_is_no_event_at_all(self, api, customer):
        results = report(api, 7, event(customer), None, [], "x", {})
        assert told(results) == ["invalid-request", "accepted", *["invalid-request"] * 4]
        assert [result["id"] for result in results[2:]] == [None] * 4

    def test_a_minute_before_it_is_too_old_it_is_not(self, api, customer):
        sent = event(customer, time=ago(days=30, minutes=-1))
        assert told(report(api, sent, event(customer, time=ago(minutes=-4)))) == ["accepted"] * 2


class TestRequests:
    @pytest.mark.parametrize(
        "kind", ["", "application/json", "text/plain", f"{ONE}; charset=latin1"]
    )
    def test_another_type_is_told_what_to_send(self, api, customer, kind):
        response = send(api, event(customer), kind)
        assert problem(response) == (415, "unsupported-media-type")
        assert ONE in response.json()["detail"] and LIST in response.json()["detail"]

    def test_its_type_may_have_a_charset(self, api, customer):
        response = send(api, [event(customer)], f"{LIST}; charset=UTF-8")
        assert told(response.json()["results"]) == ["accepted"]

    def test_more_than_a_thousand_are_too_many(self, api, customer):
        sent = event(customer)
        assert problem(send(api, [sent] * 1001)) == (400, "too-many-operations")
        assert problem(send(api, [7] * 1001)) == (400, "too-many-operations")
        assert available(customer) == 100

    def test_a_thousand_are_not(self, api):
        customer = funded(1000)
        results = report(api, *(event(customer) for _ in range(1000)))
        assert told(results) == ["accepted"] * 1000
        assert available(customer) == 0

    def test_a_list_may_be_empty(self, api):
        assert report(api) == []

    @pytest.mark.parametrize(
        ("body", "kind", "code"),
        [
            (b"{", LIST, "malformed-json"),
            (b"", LIST, "invalid-request"),
            (b"{}", LIST, "invalid-request"),
            (b"[]", ONE, "invalid-request"),
            (b"", ONE, "invalid-request"),
        ],
    )
    def test_what_is_no_list_is_refused(self, api, body, kind, code):
        assert problem(send(api, body, kind)) == (400, code)

    def test_takes_a_key_with_the_scope(self, shop, customer):
        reader = shop.api(shop.key(Scope.READ))
        assert problem(send(reader, [event(customer)])) == (403, "forbidden")
        assert problem(send(shop.api("nobody"), [])) == (401, "unauthorized")


class TestShort:
    def test_what_is_not_covered_is_refused_into_the_list(self, api):
        customer = funded(2)
        sent = [event(customer) for _ in range(4)]
        results = report(api, *sent)
        assert told(results) == ["accepted", "accepted", *["insufficient-credits"] * 2]
        assert results[2]["problem"]["shortfall"] == "1"
        listed = RefusedEvent.objects.filter(customer=customer).order_by("id")
        assert {row.event_id for row in listed} == {one["id"] for one in sent[2:]}
        assert {(row.state, row.times, row.required) for row in listed} == {("waiting", 1, 10**6)}
        assert listed[0].event["subject"] == name(customer)

    def test_it_is_listed_once_however_often_it_is_sent(self, api):
        customer = funded(1)
        report(api, event(customer))
        sent = event(customer)
        assert told(report(api, sent, sent)) == ["insufficient-credits"] * 2
        report(api, sent)
        assert RefusedEvent.objects.get(customer=customer).times == 2

    def test_after_a_top_up_it_is_accepted(self, api):
        customer = funded(1)
        sent = event(customer, "summarize")
        assert told(report(api, sent)) == ["insufficient-credits"]
        fund(customer, 10)
        assert told(report(api, sent)) == ["accepted"]


def other_service():
    return ServiceFactory()


def suspended(customer, api):
    response = api.send("PATCH", f"/customers/{name(customer)}", '{"status": "suspended"}')
    assert response.status_code == 200
    sleep(1)
