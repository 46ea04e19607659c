"""The audit as staff read it."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import acts, audit, ids, services
from accounts.admin.acting import address
from accounts.ids import uuid7
from accounts.models import AuditEntry, StaffRole, User, Via
from tests.accounts.people import browser_of
from tests.confirming import confirmed
from tests.downloads import downloaded
from tests.factories.accounts import CustomerFactory, ServiceFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = "admin:accounts_auditentry_changelist"


def staff(role):
    return browser_of(
        User.objects.create_user(f"{role}@example.com", is_staff=True, staff_role=role)
    )


@pytest.fixture
def boss():
    return staff(StaffRole.ADMINISTRATOR)


@pytest.fixture
def ann():
    return UserFactory(email="ann@northwind.example")


@pytest.fixture
def acme(ann):
    """Whose name Ann changed, and whose e-mail a service did."""
    acme = CustomerFactory(name="Acme", email="old@acme.example")
    with audit.acting(person=ann.id, via=Via.ADMIN, address="203.0.113.7", request_id="req-of-ann"):
        services.update_customer(acme, name="Acme Ltd")
    with audit.acting(service=ServiceFactory(name="metering").id, via=Via.API):
        services.update_customer(acme, email="new@acme.example")
    return acme


def listed(client, **query):
    answer = client.get(reverse(LIST), query)
    assert answer.status_code == 200
    return [(row["who"], row["act"]) for row in answer.context["rows"]]


BY_ANN, BY_SERVICE = (
    ("ann@northwind.example", "customer: changed"),
    ("metering", "customer: changed"),
)


def test_the_newest_stands_first(boss, acme):
    assert listed(boss)[:2] == [BY_SERVICE, BY_ANN]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "ann@northwind"}, [BY_ANN]),
        ({"q": "req-of-ann"}, [BY_ANN]),
        ({"q": "acme LTD"}, [BY_SERVICE, BY_ANN]),
        ({"q": "metering"}, [BY_SERVICE]),
        ({"q": "customer.changed"}, [BY_SERVICE, BY_ANN]),
        ({"q": "nothing at all"}, []),
        ({"q": "a\x00b"}, [BY_SERVICE, BY_ANN]),  # which is said to be wrong
        ({"q": "cus_1"}, []),
        ({"q": "nobody@example.com"}, []),
        ({"person": "ANN@"}, [BY_ANN]),
        ({"person": "northwind"}, [BY_ANN]),
        ({"via": "api"}, [BY_SERVICE]),
        ({"via": "admin", "action": "customer.changed"}, [BY_ANN]),
        ({"person": "ann@", "via": "api"}, []),
    ],
)
def test_entries_are_searched_and_filtered(boss, acme, query, expected):
    assert listed(boss, **query) == expected


def test_a_customer_and_a_row_are_found_by_their_ids(boss, acme):
    CustomerFactory()
    assert len(listed(boss, q=ids.encode(ids.CUSTOMER, acme.id))) == 2
    assert len(listed(boss, q=str(acme.id))) == 2
    assert listed(boss, q=ids.encode(ids.CUSTOMER, UserFactory().id)) == []


def test_days_are_of_utc_and_both_included(boss, acme):
    today = timezone.now().date()
    day = timedelta(days=1)
    assert len(listed(boss, since=today, until=today)) == 2
    assert listed(boss, since=today + day) == []
    assert listed(boss, until=today - day) == []


def test_what_is_no_day_or_no_action_is_said(boss, acme):
    page = boss.get(reverse(LIST), {"since": "yesterday", "action": "x.y", "before": "-1"})
    assert page.status_code == 200
    told = page.content.decode()
    assert "Enter a valid date" in told and "is not one of the available choices" in told


def test_pages_follow_each_other_without_a_gap(boss, ann):
    with audit.acting(person=ann.id, via=Via.ADMIN):
        Group.objects.bulk_create(Group(name=f"g{number}") for number in range(120))
    seen, page = [], boss.get(reverse(LIST), {"action": "group.added"})
    while True:
        seen += [row["id"] for row in page.context["rows"]]
        if not page.context["older"]:
            break
        page = boss.get(f"{reverse(LIST)}?{page.context['older']}")
    assert len(seen) == len(set(seen)) == 120
    assert seen == sorted(seen, reverse=True)


def test_an_entry_stands_before_and_after_side_by_side(boss, acme):
    entry = AuditEntry.objects.get(request_id="req-of-ann")
    page = boss.get(reverse("admin:accounts_auditentry_change", args=[entry.id]))
    assert page.context["columns"] == [{"name": "name", "before": "Acme", "after": "Acme Ltd"}]
    told = page.content.decode()
    assert "203.0.113.7" in told and "req-of-ann" in told and "ann@northwind.example" in told
    assert reverse("admin:accounts_customer_change", args=[acme.id]) in told


@pytest.mark.parametrize("given", ["0", "x", "99999999999999999999", "1e3"])
def test_an_entry_that_is_not_there_is_not_found(boss, acme, given):
    path = reverse("admin:accounts_auditentry_change", args=[given])
    assert boss.get(path).status_code == 404


def test_what_somebody_wrote_is_no_markup(boss, ann, acme):
    with audit.acting(person=ann.id, via=Via.ADMIN, request_id="r-x"):
        services.update_customer(acme, name="<script>alert(1)</script>")
    entry = AuditEntry.objects.get(request_id="r-x")
    for path in (reverse(LIST), reverse("admin:accounts_auditentry_change", args=[entry.id])):
        assert "<script>alert" not in boss.get(path).content.decode()


def lines(client, **query):
    answer = client.get(reverse("admin:accounts_auditentry_export"), query)
    assert answer["Content-Type"].startswith("text/csv")
    text = downloaded(answer).decode()
    return list(csv.DictReader(StringIO(text, newline="")))


def test_what_is_asked_for_is_exported(boss, ann, acme):
    with audit.acting(person=ann.id, via=Via.ADMIN, request_id="r-f"):
        services.update_customer(acme, name="=1+1")
    [first, last] = lines(boss, person="ann@")
    assert (last["person"], last["customer"]) == (
        "ann@northwind.example",
        ids.encode(ids.CUSTOMER, acme.id),
    )
    assert (last["before"], last["after"]) == ('{"name": "Acme"}', '{"name": "Acme Ltd"}')
    assert first["after"] == '{"name": "=1+1"}'
    [told] = AuditEntry.objects.filter(action="audit.exported")
    assert (told.via, told.after) == (Via.ADMIN, {"person": "ann@"})
    assert told.person.email == "administrator@example.com"


def test_a_wrong_filter_exports_nothing(boss, acme):
    answer = boss.get(reverse("admin:accounts_auditentry_export"), {"since": "x"})
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse(LIST)}?since=x")
    assert not AuditEntry.objects.filter(action="audit.exported").exists()


@pytest.mark.parametrize(
    ("role", "sees", "exports"),
    [
        (StaffRole.SUPPORT, True, False),
        (StaffRole.FINANCE, True, False),
        (StaffRole.OPERATIONS, True, False),
        (StaffRole.AUDITOR, True, True),
        (StaffRole.ADMINISTRATOR, True, True),
        (None, False, False),
    ],
)
def test_who_may_read_and_who_may_export(acme, role, sees, exports):
    client = staff(role)
    entry = AuditEntry.objects.first()
    assert (client.get(reverse(LIST)).status_code == 200) is sees
    page = reverse("admin:accounts_auditentry_change", args=[entry.id])
    assert (client.get(page).status_code == 200) is sees
    exported = client.get(reverse("admin:accounts_auditentry_export"))
    assert (exported.status_code == 200) is exports
    if sees:
        assert ("Download these" in client.get(reverse(LIST)).content.decode()) is exports


def test_what_concerns_people_is_for_those_who_may_see_people(ann, acme):
    with audit.acting(person=ann.id, via=Via.ADMIN):
        ann.name = "Ann B."
        ann.save()
    entry = AuditEntry.objects.get(action="user.changed")
    page = reverse("admin:accounts_auditentry_change", args=[entry.id])
    support, auditor = staff(StaffRole.SUPPORT), staff(StaffRole.AUDITOR)
    assert support.get(page).status_code == 404
    assert listed(support, action="user.changed") == []
    assert auditor.get(page).status_code == (200 if listed(auditor, action="user.changed") else 404)


def test_what_somebody_may_not_see_is_not_told_by_what_it_was_before(ann, acme):
    with audit.acting(person=ann.id, via=Via.ADMIN):
        audit.record("policy.changed", ("billing_policy", "True"), before={"method": "remote"})
    entry = AuditEntry.objects.get(action="policy.changed")
    page = reverse("admin:accounts_auditentry_change", args=[entry.id])
    for role, status in ((StaffRole.SUPPORT, 404), (StaffRole.FINANCE, 200)):
        client = staff(role)
        assert client.get(page).status_code == status
        assert bool(listed(client, action="policy.changed")) is (status == 200)


def test_nobody_writes_there(boss, acme):
    entry = AuditEntry.objects.first()
    before = list(AuditEntry.objects.values())
    for name, args in (("change", [entry.id]), ("delete", [entry.id]), ("add", [])):
        path = reverse(f"admin:accounts_auditentry_{name}", args=args)
        assert boss.post(path, {"action": "x", "post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [entry.id], "post": "yes"}
    boss.post(reverse(LIST), chosen)
    assert list(AuditEntry.objects.values()) == before


def test_nothing_is_counted(boss, acme):
    with CaptureQueriesContext(connection) as asked:
        listed(boss)
    assert not any("count(" in query["sql"].lower() for query in asked.captured_queries)


def test_the_heads_are_exported_by_those_who_may(acme):
    for role, may in ((StaffRole.FINANCE, True), (StaffRole.SUPPORT, False)):
        client = staff(role)
        assert (client.get(reverse("admin:heads")).status_code == 200) is may
        assert (client.get(reverse("admin:heads-file")).status_code == 200) is may
    assert AuditEntry.objects.filter(action="heads.exported").count() == 1


def entry_of(client, action):
    entry = AuditEntry.objects.get(action=action)
    page = client.get(reverse("admin:accounts_auditentry_change", args=[entry.pk]))
    return page.context["columns"]


def test_an_act_that_was_confirmed_says_how_it_stood_and_what_was_done(boss, acme):
    confirmed(boss, address(acts.SUSPEND_CUSTOMER, acme), reason="Fraud")
    assert entry_of(boss, "customer.suspended") == [
        {"name": "in words", "before": "Active", "after": "Acme Ltd is suspended."},
        {"name": "reason", "before": "-", "after": "Fraud"},
    ]
    page = boss.get(reverse(LIST), {"action": "customer.suspended"})
    (row,) = page.context["rows"]
    assert row["changed"] == ""


def test_people_in_rows_are_told_by_their_address(boss, ann, acme):
    audit.record("member.tried", ("accounts_member", "1"), after={"user_id": str(ann.id)})
    gone = {"user_id": str(uuid7()), "role": "owner"}
    audit.record("member.gone", ("accounts_member", "2"), before={"user_id": "?"}, after=gone)
    assert entry_of(boss, "member.tried")[0]["after"] == ann.email
    (role, user) = entry_of(boss, "member.gone")
    assert (role["after"], user["before"], user["after"]) == ("owner", "?", gone["user_id"])
