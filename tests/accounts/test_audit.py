"""Every door leaves who, what, before, after, when, from where and which request it was."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import audit, ids, services
from accounts.acting import CURRENT
from accounts.models import AuditEntry, User, Via
from tests.accounts.conftest import Caller
from tests.accounts.people import browser_of, person, sign_in
from tests.factories.accounts import (
    CustomerFactory,
    ServiceKeyFactory,
    UserFactory,
)

FROM = "203.0.113.7"


@pytest.fixture
def staff(db):
    return User.objects.create_superuser("staff@example.com", None)


@pytest.fixture
def acme(db):
    return CustomerFactory(name="Acme", email="old@acme.example")


def entries(**conditions):
    return list(AuditEntry.objects.filter(**conditions).order_by("id"))


def form_of(customer, **changes):
    told = {"name": customer.name, "email": customer.email, "metadata": "{}", "time_zone": "UTC"}
    inline = {"members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0}
    return told | inline | changes


def change_in_admin(client, customer, **changes):
    path = reverse("admin:accounts_customer_change", args=[customer.id])
    return client.post(
        path, form_of(customer, **changes), headers={"X-Request-Id": "r-1"}, REMOTE_ADDR=FROM
    )


def test_a_change_in_the_admin_is_entered(staff, acme):
    before = timezone.now() - timedelta(seconds=1)
    assert change_in_admin(browser_of(staff), acme, name="Acme Ltd").status_code == 302
    [entry] = entries(table="accounts_customer")
    assert (entry.action, entry.row, entry.customer_id) == (
        "customer.changed",
        str(acme.id),
        acme.id,
    )
    assert (entry.before, entry.after) == ({"name": "Acme"}, {"name": "Acme Ltd"})
    assert (entry.person, entry.service, entry.via) == (staff, None, Via.ADMIN)
    assert (entry.address, entry.request_id) == (FROM, "r-1")
    assert before < entry.at < timezone.now() + timedelta(seconds=1)


def test_a_call_of_a_service_is_entered_with_its_key(acme):
    made = ServiceKeyFactory()
    key = made.key
    path = f"/customers/{ids.encode('cus', acme.id)}"
    response = Caller(made.secret).patch(path, {"name": "Acme Ltd"}, X_Request_Id="r-2")
    assert response.status_code == 200
    [entry] = entries(table="accounts_customer")
    assert (entry.before, entry.after) == ({"name": "Acme"}, {"name": "Acme Ltd"})
    assert (entry.person, entry.service_id, entry.via) == (None, key.service_id, Via.API)
    assert (entry.key_id, entry.request_id) == (key.id, "r-2")


def test_a_refused_call_leaves_nothing(acme, service):
    CustomerFactory(external_id="taken")
    path = f"/customers/{ids.encode('cus', acme.id)}"
    assert service.patch(path, {"name": "New", "external_id": "taken"}).status_code == 409
    assert service.patch(path, {"name": ""}).status_code == 400
    assert entries() == []


def test_reading_leaves_nothing_and_costs_no_statement(staff, acme, django_assert_max_num_queries):
    client = browser_of(staff)
    path = reverse("admin:accounts_customer_change", args=[acme.id])
    with django_assert_max_num_queries(100) as asked:
        assert client.get(path).status_code == 200
    assert not any("drawdown.acting" in query["sql"] for query in asked.captured_queries)
    assert entries() == []


def test_what_no_request_changes_is_not_entered(acme):
    services.update_customer(acme, name="By a job")
    assert entries() == []


def test_after_a_request_nobody_acts_any_more(staff, acme):
    change_in_admin(browser_of(staff), acme, name="Acme Ltd")
    services.update_customer(acme, name="By a job")
    assert len(entries(table="accounts_customer")) == 1
    assert CURRENT.get() is None


def test_what_an_error_ended_is_nobodys_afterwards(acme):
    with pytest.raises(ZeroDivisionError), audit.acting(service=None, via=Via.ADMIN):
        1 / 0  # noqa: B018
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('drawdown.acting', true)")
        assert cursor.fetchone()[0] == ""


def test_within_each_other_the_inner_one_acts_and_then_the_outer_one_again(acme):
    ann, bob = UserFactory(), UserFactory()
    with audit.acting(person=ann.id, via=Via.ADMIN):
        with audit.acting(person=bob.id, via=Via.PORTAL):
            services.update_customer(acme, name="Bob's")
        services.update_customer(acme, name="Ann's")
    assert [(entry.person, entry.after["name"]) for entry in entries()] == [
        (bob, "Bob's"),
        (ann, "Ann's"),
    ]


def test_what_is_taken_back_leaves_no_entry(acme):
    with audit.acting(person=UserFactory().id, via=Via.ADMIN), transaction.atomic():
        services.update_customer(acme, name="Never")
        transaction.set_rollback(True)
    assert entries() == []


def test_a_use_that_changes_nothing_is_no_change(acme):
    with audit.acting(person=UserFactory().id, via=Via.ADMIN):
        services.update_customer(acme, name=acme.name)
    assert entries() == []


def test_a_person_who_signs_in_acts_from_then_on(fresh):
    """Their password gets a newer hash in the same request."""
    ann = person()
    client = Client(REMOTE_ADDR=FROM)
    assert sign_in(ann.email, client=client, X_Request_Id="r-3").status_code == 302
    assert entries(action="user.changed") == []
    with audit.acting(person=ann.id, via=Via.PORTAL):
        ann.set_password("another horse battery")
        ann.save()
    [entry] = entries(action="user.changed")
    assert (entry.before, entry.after) == ({"password": "(hidden)"}, {"password": "(hidden)"})


def test_an_act_is_recorded_with_who_asked(rf, staff, acme):
    with audit.acting(person=staff.id, via=Via.ADMIN, address=FROM, request_id="r-4"):
        audit.record("customer.exported", acme, customer_id=acme.id, after={"at": timezone.now()})
    [entry] = entries()
    assert (entry.action, entry.table, entry.row) == (
        "customer.exported",
        "accounts_customer",
        str(acme.id),
    )
    assert (entry.person, entry.address, entry.request_id) == (staff, FROM, "r-4")
    assert entry.before is None and entry.after.keys() == {"at"}


def test_what_a_job_records_is_the_systems(acme):
    audit.record("job.run", ("billing_job", "7"))
    [entry] = entries()
    assert (entry.person, entry.via, entry.row, entry.request_id) == (None, Via.SYSTEM, "7", "")


@pytest.mark.parametrize(
    "statement",
    [
        'insert into accounts_auditentry (via, action, "table", "row", request_id)'
        " values ('admin', 'x.y', 't', '1', '')",
        "update accounts_auditentry set action = 'x.y'",
        "update accounts_auditentry set before = null where false",
        "delete from accounts_auditentry",
        "truncate accounts_auditentry",
        "truncate accounts_auditentry cascade",
        "drop table accounts_auditentry",
        "alter table accounts_auditentry add column x int",
        "alter table accounts_customer disable trigger audited",
        "drop trigger audited on accounts_customer",
        "set session_replication_role = replica",
        "create or replace function accounts_audit_row() returns trigger language plpgsql as"
        " $$ begin return null; end $$",
        "select nextval('accounts_auditentry_id_seq')",
    ],
)
def test_the_service_changes_no_entry(acme, statement):
    audit.record("customer.exported", acme)
    refused = pytest.raises(DatabaseError, match=r"permission denied|must be owner")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert [entry.action for entry in entries()] == ["customer.exported"]


def test_entries_cannot_be_changed_by_django_either(acme):
    audit.record("customer.exported", acme)
    [entry] = entries()
    for change in (entry.save, entry.delete, AuditEntry.objects.all().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_threads_do_not_act_for_each_other(committed):
    people = [UserFactory() for _ in range(4)]
    customers = [CustomerFactory() for _ in people]
    together = Barrier(len(people))

    def change_often(number):
        for turn in range(10):
            together.wait()
            with audit.acting(person=people[number].id, via=Via.PORTAL, request_id=f"t-{number}"):
                services.update_customer(customers[number], name=f"{number} {turn}")
            services.update_customer(customers[number], name="Nobody")
        connections.close_all()

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(change_often, range(len(people))))
    for number, customer in enumerate(customers):
        found = entries(customer=customer)
        assert len(found) == 10
        assert {(entry.person, entry.request_id) for entry in found} == {
            (people[number], f"t-{number}")
        }
