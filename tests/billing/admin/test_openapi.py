"""Staff upload a description of the API, look at what it would change, and import it."""

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import User
from ledger.models import Endpoint, OpenApiFile, RateCard
from ledger.prices import rate_cards
from tests.ledger.openapi_import.files import api, operation, raw

LIST = reverse("admin:ledger_openapifile_changelist")
UPLOAD = reverse("admin:ledger_openapifile_upload")
PATHS = {"/files/{id}": {"get": operation("getFile", "id", summary="One <file>")}}


@pytest.fixture
def staff(db, client):
    client.force_login(User.objects.create_superuser("boss@example.com"))
    return client


@pytest.fixture
def viewer(db, client):
    person = User.objects.create_user("clerk@example.com", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename="view_openapifile"))
    client.force_login(person)
    return client


def upload(client, document, **more):
    text = document if isinstance(document, bytes) else raw(document)
    file = SimpleUploadedFile("api.yaml", text)
    return client.post(UPLOAD, {"file": file} | more)


def told(answer):
    return answer.content.decode()


def test_a_file_is_looked_at_and_then_imported(staff):
    page = upload(staff, api(PATHS)).url
    shown = told(staff.get(page))
    assert "One &lt;file&gt;" in shown and "to be filled in" in shown and "1 new" in shown
    assert not Endpoint.objects.exists()
    file = OpenApiFile.objects.get()
    confirm = reverse("admin:ledger_openapifile_import", args=[file.pk])
    assert staff.get(confirm).url == page
    assert not Endpoint.objects.exists()
    assert staff.post(confirm).url == page
    assert Endpoint.objects.get().code == "get-file"
    draft = RateCard.objects.get()
    assert f"Fill in the draft {draft.name}" in told(staff.get(page))
    staff.post(confirm)
    assert RateCard.objects.count() == 1
    assert "1 new" in told(staff.get(LIST))


def test_what_is_wrong_is_told_and_nothing_is_kept(staff):
    shown = told(upload(staff, api({"/files/{id}": {"get": operation("getFile")}})))
    assert "paths &gt; /files/{id} &gt; get: {id} is no declared path parameter." in shown
    assert not OpenApiFile.objects.exists()


def test_what_has_changed_meanwhile_is_told(staff):
    page = upload(staff, api(PATHS)).url
    rate_cards.create_endpoint(code="x", name="X", path_template="/files/{id}")
    assert "is matched by endpoint x already" in told(staff.get(page))
    confirm = reverse("admin:ledger_openapifile_import", args=[OpenApiFile.objects.get().pk])
    assert "Nothing was saved." in told(staff.post(confirm, follow=True))
    assert Endpoint.objects.count() == 1


def test_another_upload_takes_the_place_of_what_was_not_confirmed(staff):
    upload(staff, api(PATHS))
    upload(staff, api(PATHS), api="Other")
    assert OpenApiFile.objects.get().api == "Other"


def test_who_may_only_look_imports_nothing(viewer):
    file = OpenApiFile.objects.create(api="Files", version="1", text=raw(api(PATHS)).decode())
    assert "Import a file" not in told(viewer.get(LIST))
    page = told(viewer.get(reverse("admin:ledger_openapifile_change", args=[file.pk])))
    assert "get-file" in page and 'value="Import"' not in page
    assert upload(viewer, api(PATHS)).status_code == 403
    confirm = reverse("admin:ledger_openapifile_import", args=[file.pk])
    assert viewer.post(confirm).status_code == 403
    assert not Endpoint.objects.exists()


def test_a_file_that_is_too_long_says_so_and_what_takes_it(staff, settings):
    settings.MAX_BODY_BYTES = 1000
    answer = upload(staff, b"x" * 1001)
    assert answer.status_code == 413
    assert "at most 2 MB" in told(answer) and "manage.py import_openapi" in told(answer)
