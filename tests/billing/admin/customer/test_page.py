"""The page as a whole. What each part shows is in test_parts.py."""

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.db.utils import ProgrammingError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import services
from accounts.models import HOUSE_ID, Customer, StaffRole, User
from billing.admin.customer.page import PARTS
from billing.models import Note
from config.staff_roles import HELD
from ledger import sandboxes
from ledger.amounts import CREDIT
from tests.factories import billing
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, MemberFactory
from tests.ledger.api.conftest import operate


def address(customer, name="change"):
    return reverse(f"admin:accounts_customer_{name}", args=[customer.pk])


def signed_in(role):
    client = Client()
    person = User.objects.create_user(f"{role}@staff.example", is_staff=True, staff_role=role)
    client.force_login(person)
    return client


def test_every_link_of_the_page_leads_somewhere(staff, purchase, acme):
    operate("reserve", acme, amount=CREDIT)
    ApiKeyFactory(customer=acme)
    page = staff.get(address(acme)).content.decode()
    links = {link for link in re.findall(r'href="(/admin/[^"]*)"', page) if "logout" not in link}
    assert len(links) > 25
    for link in links:
        assert staff.get(link.replace("&amp;", "&")).status_code == 200, link


def test_who_it_is_stands_above(shown, staff):
    metadata = {"tier": "gold"}
    acme = CustomerFactory(name="Acme", email="o@acme.example", external_id="7", metadata=metadata)
    facts = dict(shown(acme).facts)
    wanted = {"E-mail": "o@acme.example", "External id": "7", "Time zone": "UTC", "tier": "gold"}
    assert facts.items() >= wanted.items()


def test_what_customers_wrote_is_text(staff):
    acme = CustomerFactory(name="<b>Acme</b>", metadata={"<i>": "<script>"})
    text = staff.get(address(acme)).content.decode()
    for wrong in ("<b>Acme", "<i>", "<script>"):
        assert wrong not in text.replace('<script src="', "")


@pytest.mark.parametrize("role", [*StaffRole])
def test_each_role_sees_its_parts_and_no_others(db, acme, role):
    page = signed_in(role).get(address(acme)).context["page"]
    may = HELD[role]
    assert [anchor for anchor, _ in page.parts] == [
        part.anchor for part in PARTS if part.permission in may
    ]


def test_what_each_role_may_do_is_a_button_and_nothing_else_is(db, acme):
    buttons = {
        role: {
            button.label for button in signed_in(role).get(address(acme)).context["page"].actions
        }
        for role in StaffRole
    }
    assert buttons[StaffRole.AUDITOR] == {"Statement PDF"}
    assert "Edit" in buttons[StaffRole.FINANCE] - buttons[StaffRole.SUPPORT]
    assert "New key" in buttons[StaffRole.OPERATIONS] - buttons[StaffRole.FINANCE]
    assert {"Edit", "New key", "Limits", "Statement PDF"} <= buttons[StaffRole.ADMINISTRATOR]


def test_what_has_no_page_here_is_no_button(staff, acme, settings):
    for link in re.findall(
        r'class="button" href="([^"]*)"', staff.get(address(acme)).content.decode()
    ):
        assert staff.get(link).status_code == 200


def test_an_auditor_reads_and_does_nothing(db, acme):
    note = Note.objects.create(
        customer=acme, text="x", written_by=User.objects.create_user("someone@staff.example")
    )
    auditor, before = signed_in(StaffRole.AUDITOR), Customer.objects.values().get(id=acme.id)
    assert "Add note" not in auditor.get(address(acme)).content.decode()
    pin = reverse("admin:accounts_customer_pin", args=[acme.pk, note.pk])
    told = {"key": uuid4(), "text": "hello", "name": "Changed", "time_zone": "UTC", "pin": "1"}
    for page in (address(acme), address(acme, "edit"), address(acme, "note"), pin):
        assert auditor.post(page, told).status_code == 403, page
    assert auditor.get(address(acme, "edit")).status_code == 403
    assert Customer.objects.values().get(id=acme.id) == before
    assert not Note.objects.exclude(pk=note.pk).exists()
    assert not Note.objects.get().pinned


def test_who_may_see_no_customers_sees_none(client, acme):
    client.force_login(User.objects.create_user("clerk@staff.example", is_staff=True))
    for name in ("change", "edit", "note", "statement"):
        assert client.get(address(acme, name)).status_code == 403, name
    assert Client().get(address(acme)).status_code == 302


def test_a_customer_with_nothing_has_a_calm_page(staff, acme, shown):
    page = shown(acme)
    assert page.badges == []
    assert {one.name: one.value for one in page.figures} == {
        **{"available": "0", "held": "0", "frozen": "0", "total": "0", "days left": "-"},
    }
    parts = {anchor: section for anchor, section in page.parts if anchor != "audit"}
    assert all(not section.rows and section.none for section in parts.values())


def test_a_sandbox_and_its_customer_lead_to_each_other(shown, acme):
    sandbox = sandboxes.opened(acme)
    assert '<span class="badge ">sandbox</span>' in shown(sandbox).badges
    assert address(acme) in dict(shown(sandbox).facts)["Sandbox of"]
    assert address(sandbox) in dict(shown(acme).facts)["Its sandbox"]
    labels = {button.label for button in shown(sandbox).actions}
    assert not labels & {"Adjust", "Suspend", "Close account"}


def test_a_closed_customer_is_read_and_not_edited(shown, acme, purchase):
    Customer.objects.filter(pk=acme.pk).update(status="closed", email=None, name="Closed")
    page = shown(acme)
    assert page.badges[0] == '<span class="badge bad">closed</span>'
    labels = {button.label for button in page.actions}
    assert "Statement PDF" in labels
    assert not labels & {"Adjust", "Edit", "New key", "Limits", "Suspend", "Close account"}


def test_nobody_has_no_page(staff, db):
    for key in (uuid4(), HOUSE_ID, "x", "%00", "0" * 300, "_"):
        page = reverse("admin:accounts_customer_changelist") + f"{key}/change/"
        assert staff.get(page).status_code in (302, 400, 404), key
    for name in ("edit", "note", "statement"):
        for key in (uuid4(), HOUSE_ID):
            page = reverse(f"admin:accounts_customer_{name}", args=[key])
            assert staff.get(page).status_code == 404


def test_it_is_edited_on_a_form_of_its_own(staff, acme):
    page = address(acme, "edit")
    assert "Time zone" in staff.get(page).content.decode()
    told = {"name": "Acme Ltd", "metadata": "{}", "time_zone": "Asia/Tokyo"}
    forms = {"members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0}
    answer = staff.post(page, told | forms)
    assert answer.url == address(acme)
    acme.refresh_from_db()
    assert (acme.name, acme.time_zone) == ("Acme Ltd", "Asia/Tokyo")
    wrong = staff.post(page, told | forms | {"name": "", "time_zone": "Mars"})
    assert wrong.status_code == 200
    assert "This field is required" in wrong.content.decode()
    acme.refresh_from_db()
    assert acme.name == "Acme Ltd"


def test_the_statement_is_a_pdf(staff, acme, purchase):
    answer = staff.get(address(acme, "statement"))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    wrong = staff.get(address(acme, "statement"), {"from": "never"}, follow=True)
    assert wrong.redirect_chain[0][0] == address(acme)
    assert [str(message) for message in wrong.context["messages"]]


def fill(customer, times):
    """As much again of everything."""
    for n in range(times):
        billing.bought(customer)
        key = ApiKeyFactory(customer=customer, name=f"{n}").key
        operate("reserve", customer, amount=CREDIT, api_key_id=key.id)
        MemberFactory(customer=customer)
        person = User.objects.create_user(f"{uuid4()}@staff.example")
        Note.objects.create(customer=customer, text="x", written_by=person)


def test_more_rows_ask_no_more_of_the_database(staff, acme):
    asked = []
    for times in (1, 4):
        fill(acme, times)
        staff.get(address(acme))
        with CaptureQueriesContext(connection) as queries:
            staff.get(address(acme))
        asked.append(len(queries))
    assert asked[0] == asked[1]
    assert asked[0] < 70


def test_notes_are_added_pinned_and_stay_in_order(staff, acme, shown):
    key, other = uuid4(), uuid4()
    for _ in range(2):
        staff.post(address(acme, "note"), {"key": key, "text": "First <b>"})
    staff.post(address(acme, "note"), {"key": other, "text": "Second"})
    assert Note.objects.count() == 2
    note = Note.objects.get(id=key)
    assert (note.written_by.email, note.pinned) == ("boss@example.com", False)

    def told():
        return [row.note.text for row in dict(shown(acme).parts)["notes"].more["notes"]]

    assert told() == ["Second", "First <b>"]
    pin = reverse("admin:accounts_customer_pin", args=[acme.pk, key])
    assert staff.post(pin, {"pin": "1"}).url == f"{address(acme)}#notes"
    assert told() == ["First <b>", "Second"]
    staff.post(pin)
    assert told() == ["Second", "First <b>"]
    assert "First &lt;b&gt;" in staff.get(address(acme)).content.decode()


@pytest.mark.parametrize(
    "told", [{"text": " "}, {"text": "x" * 2001}, {"text": "\x00"}, {"key": 1}]
)
def test_a_wrong_note_is_not_kept_and_why_is_said(staff, acme, told):
    sent = {"key": uuid4(), "text": "x"} | told
    page = staff.post(address(acme, "note"), sent, follow=True)
    assert "The note was not kept" in page.content.decode()
    assert not Note.objects.exists()


def test_a_note_of_another_customer_is_not_pinned_here(staff, acme, boss):
    note = Note.objects.create(customer=CustomerFactory(), text="x", written_by=boss)
    pin = reverse("admin:accounts_customer_pin", args=[acme.pk, note.pk])
    assert staff.post(pin, {"pin": "1"}).status_code == 404
    assert staff.get(pin).status_code == 405


@pytest.mark.parametrize(
    "change", ["update billing_note set text = 'y'", "delete from billing_note"]
)
def test_nobody_changes_what_was_noted(acme, boss, change):
    Note.objects.create(customer=acme, text="x", written_by=boss)
    with connection.cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied"):
        cursor.execute(change)


def test_the_audit_tells_of_a_note_without_its_words(staff, acme, shown):
    staff.post(address(acme, "note"), {"key": uuid4(), "text": "very private"})
    (row,) = dict(shown(acme).parts)["audit"].rows[:1]
    assert row[2] == "note.added"
    assert "very private" not in " ".join(map(str, row))


def test_customers_are_suspended_where_that_can_be_done(shown, acme):
    services.suspend_customer(acme)
    assert "Suspend" not in {button.label for button in shown(acme).actions}
