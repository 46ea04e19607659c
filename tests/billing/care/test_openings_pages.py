"""Staff bring opening balances: one uploads, another approves."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import StaffRole, User
from billing import tasks
from billing.care.openings import applying
from billing.models import OpeningImport, OpeningState
from ledger.models import Lot
from tests.billing.care.files import sheet, uploaded
from tests.downloads import downloaded
from tests.factories import billing
from tests.factories.accounts import CustomerFactory

LIST = reverse("admin:billing_openingimport_changelist")
UPLOAD = reverse("admin:billing_openingimport_upload")
ROW = "A-1,,acme-1,,,paid,1000,USD,80.00,2026-01-15,"


@pytest.fixture
def acme(db):
    return CustomerFactory(name="Acme", external_id="acme-1")


def signed_in(client, role=StaffRole.FINANCE):
    user = User.objects.create_user(f"{User.objects.count()}@provider.example")
    User.objects.filter(id=user.id).update(is_staff=True, staff_role=role)
    client.force_login(user)
    return client


def upload(client, *rows):
    file = SimpleUploadedFile("old.csv", sheet(*rows).read(), "text/csv")
    return client.post(UPLOAD, {"file": file, "note": "From the old system"})


def told(answer):
    return answer.content.decode()


def decide(client, page, **button):
    batch = OpeningImport.objects.get()
    return client.post(reverse("admin:billing_openingimport_decide", args=[batch.pk]), button)


def test_one_uploads_and_another_approves(acme, client):
    page = upload(signed_in(client), ROW).url
    shown = told(client.get(page))
    assert "Somebody else must approve it" in shown and "Approve and enter" not in shown
    assert "80.00 USD" in shown and "<td>3900</td><td>2100</td>" in shown
    signed_in(client)
    assert "Approve and enter 1 lots" in told(client.get(page))
    decide(client, page, approve="1")
    assert "old.csv: entered" in told(client.get(page)) and "old.csv" in told(client.get(LIST))
    assert billing.credits(acme.id)["U20"] == 1000
    decide(client, page, approve="1")
    assert Lot.objects.filter(customer=acme).count() == 1


def test_who_uploaded_it_cannot_approve_it(acme, client):
    upload(signed_in(client), ROW)
    answer = decide(client, None, approve="1")
    assert "it was you who uploaded it" in told(client.get(answer.url))
    assert OpeningImport.objects.get().state == OpeningState.WAITING


def test_a_file_with_mistakes_is_told_and_not_saved(acme, client):
    shown = told(upload(signed_in(client), "A-1,,nobody,,,paid,x,USD,80.00,2026-01-15,"))
    assert "row 2, credits: Write a number" in shown
    assert "row 2, external_id: There is no customer with this" in shown
    assert not OpeningImport.objects.exists()


def test_a_long_file_is_left_to_the_worker(acme, client, monkeypatch):
    monkeypatch.setattr(applying, "AT_ONCE", 1)
    asked = []
    monkeypatch.setattr(tasks.enter_openings, "apply_async", lambda **how: asked.append(how))
    page = upload(signed_in(client), ROW, "A-2,,acme-1,,,promo,5,,,,").url
    signed_in(client)
    decide(client, page, approve="1")
    assert len(asked) == 1 and 'http-equiv="refresh"' in told(client.get(page))
    assert tasks.enter_openings.run() == 2


def test_declined_nothing_is_entered(acme, client):
    page = upload(signed_in(client), ROW).url
    signed_in(client)
    decide(client, page, decline="1")
    assert "Declined" in told(client.get(page))
    assert not Lot.objects.filter(customer=acme).exists()


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.AUDITOR, StaffRole.OPERATIONS])
def test_who_is_not_of_finance_neither_uploads_nor_approves(acme, client, role):
    batch = uploaded(ROW)
    signed_in(client, role)
    assert client.get(UPLOAD).status_code == 403
    assert upload(client, ROW).status_code == 403
    assert decide(client, None, approve="1").status_code == 403
    seen = client.get(reverse("admin:billing_openingimport_change", args=[batch.pk])).status_code
    assert seen == (200 if role == StaffRole.AUDITOR else 403)


def test_an_empty_file_has_all_columns(acme, client):
    answer = signed_in(client).get(reverse("admin:billing_openingimport_columns"))
    assert downloaded(answer).startswith(b"reference,kind,credits,customer_id,")


def test_the_command_takes_a_larger_file(acme, tmp_path, capsys):
    (tmp_path / "old.csv").write_bytes(sheet(ROW).read())
    boss = User.objects.create_superuser("boss@example.com")
    call_command("import_openings", tmp_path / "old.csv", by=boss.email)
    assert "1 lots wait" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nothing was saved"):
        call_command("import_openings", tmp_path / "old.csv", by=boss.email)
    with pytest.raises(CommandError, match="may not"):
        call_command("import_openings", tmp_path / "old.csv", by="nobody@example.com")
