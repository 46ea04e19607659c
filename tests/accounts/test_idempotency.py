from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from accounts import ids, services
from accounts.idempotency import REMEMBERED_FOR
from accounts.models import ApiKey, Customer, IdempotentReply, Scope
from tests.accounts.conftest import NO_KEY, Caller, problem
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, ServiceKeyFactory

ACME = {"name": "Acme", "metadata": {"a": "1", "b": "2"}}
THREADS = 20


def path_of(customer):
    return f"/customers/{ids.encode('cus', customer.id)}"


def assert_replayed(again, first):
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Content-Type"] == first["Content-Type"]
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first


@pytest.mark.django_db
class TestReplay:
    def test_a_creation_is_done_once_and_answered_twice(self, service):
        first = service.post("/customers", ACME, Idempotency_Key="k")
        again = service.post("/customers", ACME, Idempotency_Key="k")
        assert_replayed(again, first)
        assert Customer.objects.filter(name="Acme").count() == 1

    def test_a_change_is_answered_as_it_was_even_after_another(self, service):
        path = path_of(CustomerFactory())
        first = service.patch(path, {"name": "One"}, Idempotency_Key="k")
        service.patch(path, {"name": "Two"})
        assert_replayed(service.patch(path, {"name": "One"}, Idempotency_Key="k"), first)
        assert service.get(path).json()["name"] == "Two"

    def test_a_secret_is_shown_once(self, service):
        path = path_of(CustomerFactory()) + "/keys"
        first = service.post(path, {}, Idempotency_Key="k")
        again = service.post(path, {}, Idempotency_Key="k")
        assert again["Idempotent-Replayed"] == "true"
        assert first.json()["secret"]
        assert again.json() == first.json() | {"secret": None}
        assert ApiKey.objects.count() == 1

    def test_no_secret_is_kept_with_the_answer(self, service):
        secret = service.post(path_of(CustomerFactory()) + "/keys", {}).json()["secret"]
        assert secret.encode() not in bytes(IdempotentReply.objects.get().body)

    def test_an_answer_without_a_body_is_replayed_too(self, service):
        path = f"/keys/{ids.encode('key', ApiKeyFactory().key.id)}"
        first = service.delete(path, Idempotency_Key="k")
        assert_replayed(service.delete(path, Idempotency_Key="k"), first)

    def test_a_quoted_key_is_the_bare_one(self, service):
        first = service.post("/customers", ACME, Idempotency_Key="k")
        assert_replayed(service.post("/customers", ACME, Idempotency_Key='"k"'), first)

    def test_the_json_counts_as_a_value(self, service):
        spaced = b'{ "metadata": {"b": "\\u0032", "a":"1"},\n"name":"Acme" }'
        first = service.post("/customers", ACME, Idempotency_Key="k")
        assert_replayed(service.post("/customers", spaced, Idempotency_Key="k"), first)

    def test_a_rotated_key_of_the_service_replays(self):
        old = ServiceKeyFactory()
        new = ServiceKeyFactory(service=old.key.service)
        first = Caller(old.secret).post("/customers", ACME, Idempotency_Key="k")
        services.revoke_key(old.key)
        assert_replayed(Caller(new.secret).post("/customers", ACME, Idempotency_Key="k"), first)


@pytest.mark.django_db
class TestOtherRequests:
    @pytest.mark.parametrize("body", [{"name": "Other"}, ACME | {"email": None}, {}, None])
    def test_a_key_for_another_request_is_refused(self, service, body):
        service.post("/customers", ACME, Idempotency_Key="k")
        response = service.post("/customers", body, Idempotency_Key="k")
        assert problem(response) == (422, "idempotency-key-reused")

    def test_method_and_path_belong_to_the_request(self, service):
        path = path_of(CustomerFactory())
        service.patch(path, {"name": "Acme"}, Idempotency_Key="k")
        response = service.post(f"{path}/keys", {"name": "Acme"}, Idempotency_Key="k")
        assert problem(response) == (422, "idempotency-key-reused")

    def test_another_service_has_keys_of_its_own(self, service):
        service.post("/customers", ACME, Idempotency_Key="k")
        other = Caller(ServiceKeyFactory().secret)
        assert other.post("/customers", {"name": "Other"}, Idempotency_Key="k").status_code == 201

    def test_another_customer_has_keys_of_its_own(self, service):
        service.post("/customers", ACME, Idempotency_Key="k")
        for customer in (CustomerFactory(), CustomerFactory()):
            response = service.patch(path_of(customer), {"name": "x"}, Idempotency_Key="k")
            assert response.status_code == 200


@pytest.mark.django_db
class TestKeys:
    WRITES = [
        ("POST", "/customers"),
        ("PATCH", "/customers/{customer}"),
        ("POST", "/customers/{customer}/keys"),
        ("DELETE", "/keys/{key}"),
    ]

    @pytest.fixture
    def send(self, service):
        key = ApiKeyFactory().key
        names = {
            "customer": ids.encode("cus", key.customer_id),
            "key": ids.encode("key", key.id),
        }

        def send(method, path, **headers):
            return service.send(method, path.format(**names), ACME, **headers)

        return send

    @pytest.mark.parametrize(("method", "path"), WRITES)
    def test_every_write_takes_a_key(self, send, method, path):
        refusal = problem(send(method, path, Idempotency_Key=NO_KEY))
        assert refusal == (400, "idempotency-key-missing")
        assert not IdempotentReply.objects.exists()

    @pytest.mark.parametrize(("method", "path"), WRITES)
    @pytest.mark.parametrize("key", ["", '""', "x" * 256, '"open', "a\x7f"])
    def test_a_malformed_key_is_refused(self, send, method, path, key):
        refusal = problem(send(method, path, Idempotency_Key=key))
        assert refusal == (400, "idempotency-key-malformed")
        assert not IdempotentReply.objects.exists()


@pytest.mark.django_db
class TestMemory:
    def test_a_refusal_does_not_use_the_key_up(self, service):
        taken = CustomerFactory(external_id="42")
        wanted = ACME | {"external_id": "42"}
        refused = service.post("/customers", wanted, Idempotency_Key="k")
        assert problem(refused) == (409, "external-id-taken")
        services.update_customer(taken, external_id=None)
        assert service.post("/customers", wanted, Idempotency_Key="k").status_code == 201

    def test_bad_input_does_not_use_the_key_up(self, service):
        assert service.post("/customers", {}, Idempotency_Key="k").status_code == 400
        assert service.post("/customers", ACME, Idempotency_Key="k").status_code == 201

    def test_a_missing_scope_does_not_use_the_key_up(self, service):
        key = ServiceKeyFactory(scopes=[Scope.READ])
        caller = Caller(key.secret)
        assert caller.post("/customers", ACME, Idempotency_Key="k").status_code == 403
        type(key.key).objects.update(scopes=[Scope.ADMIN])
        assert caller.post("/customers", ACME, Idempotency_Key="k").status_code == 201

    @pytest.mark.parametrize(("beyond", "customers"), [(-1, 1), (1, 2)])
    def test_a_key_is_remembered_for_30_days(self, service, beyond, customers):
        service.post("/customers", ACME, Idempotency_Key="k")
        reply = IdempotentReply.objects.get()
        reply.created_at -= REMEMBERED_FOR + timedelta(minutes=beyond)
        reply.save()
        assert service.post("/customers", ACME, Idempotency_Key="k").status_code == 201
        assert Customer.objects.filter(name="Acme").count() == customers


class TestManyAtOnce:
    def test_requests_with_one_key_are_done_once(self, committed):
        caller = Caller(ServiceKeyFactory().secret)
        body = {"name": "Only one"}
        responses = at_once(lambda: caller.post("/customers", body, Idempotency_Key="k"))
        assert {response.content for response in responses} == {responses[0].content}
        assert sum("Idempotent-Replayed" not in response for response in responses) == 1
        assert Customer.objects.filter(name="Only one").count() == 1

    def test_a_secret_is_shown_to_one_of_them(self, committed):
        caller = Caller(ServiceKeyFactory().secret)
        path = path_of(CustomerFactory()) + "/keys"
        responses = at_once(lambda: caller.post(path, {}, Idempotency_Key="k"))
        assert {response.status_code for response in responses} == {201}
        assert sum(response.json()["secret"] is not None for response in responses) == 1
        assert len({response.json()["id"] for response in responses}) == 1

    def test_after_a_refusal_each_of_them_is_refused_for_itself(self, committed):
        caller = Caller(ServiceKeyFactory().secret)
        responses = at_once(lambda: caller.post("/customers", {}, Idempotency_Key="k"))
        assert {problem(response) for response in responses} == {(400, "invalid-request")}


def at_once(send):
    barrier = Barrier(THREADS)

    def run(_):
        barrier.wait()
        try:
            return send()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))
