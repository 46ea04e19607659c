"""Operations become endpoints, and lines of a draft; run again, what has changed."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import User
from ledger.amounts import CREDIT
from ledger.errors import CardOpen
from ledger.models import Endpoint, OpenApiFile, OpenApiOperation, Price, RateCard
from ledger.openapi_import import naming
from ledger.openapi_import.errors import FileRefused
from ledger.prices import rate_cards
from tests.ledger.openapi_import.files import api, imported, operation, raw, read, states

pytestmark = pytest.mark.django_db

PATHS = {
    "/files": {"get": operation("listFiles", summary="List of files")},
    "/files/{id}": {"get": operation("getFile", "id"), "delete": operation(None, "id")},
}


def draft():
    return RateCard.objects.get(published_at=None)


def lines(card):
    return {price.endpoint.code: price.per_call for price in card.prices.all()}


def open_codes(card):
    return [endpoint.code for endpoint in rate_cards.open_endpoints(card)]


def test_operations_become_endpoints_with_lines_to_fill_in():
    result = imported(api(PATHS, servers=[{"url": "https://api.example.com/v1"}]))
    assert states(result) == dict.fromkeys(["list-files", "get-file", "delete-files-id"], "new")
    found = Endpoint.objects.order_by("code").values_list("code", "method", "path_template", "name")
    assert [*found] == [
        ("delete-files-id", "DELETE", "/v1/files/{id}", "DELETE /v1/files/{id}"),
        ("get-file", "GET", "/v1/files/{id}", "getFile"),
        ("list-files", "GET", "/v1/files", "List of files"),
    ]
    assert result.card == draft()
    assert open_codes(draft()) == ["delete-files-id", "get-file", "list-files"]


def test_a_card_with_open_lines_is_not_published():
    card = imported(api(PATHS)).card
    rate_cards.set_price(card, Endpoint.objects.get(code="get-file"), per_call=CREDIT)
    with pytest.raises(CardOpen) as refused:
        rate_cards.publish(card)
    assert refused.value.codes == ["delete-files-id", "list-files"]
    rate_cards.set_price(card, Endpoint.objects.get(code="list-files"), per_call=0)
    rate_cards.drop_price(card, Endpoint.objects.get(code="delete-files-id"))
    rate_cards.publish(card)
    assert lines(card) == {"get-file": CREDIT, "list-files": 0}


def test_a_copy_of_a_draft_has_its_open_lines():
    card = imported(api(PATHS)).card
    assert open_codes(rate_cards.copy_card(card)) == open_codes(card)


def test_costs_in_the_file():
    units = [{"name": "tokens", "credits": "0.5", "size": 1000}]
    paths = {
        "/a": {"get": operation("a", **{"x-credits": 0.1})},
        "/b": {"get": operation("b", **{"x-credits": {"units": units, "minimum": 1}})},
        "/c": {"get": operation("c", **{"x-credits": None})},
    }
    card = imported(api(paths)).card
    assert lines(card) == {"a": CREDIT // 10, "b": 0}
    assert open_codes(card) == ["c"]
    price = Price.objects.get(endpoint__code="b")
    (unit,) = price.units
    assert (unit["name"], unit["size"], unit["amount"]) == ("tokens", 1000, CREDIT // 2)
    assert (price.minimum, price.maximum) == (CREDIT, None)


def test_run_again_it_changes_nothing():
    imported(api(PATHS))
    before = [*Endpoint.objects.order_by("id").values_list()]
    again = imported(api(PATHS))
    assert set(states(again).values()) == {"unchanged"}
    assert [*Endpoint.objects.order_by("id").values_list()] == before
    assert RateCard.objects.count() == 1


def test_what_staff_filled_in_stays():
    card = imported(api(PATHS)).card
    rate_cards.set_price(card, Endpoint.objects.get(code="get-file"), per_call=7)
    imported(api(PATHS))
    assert lines(card) == {"get-file": 7}


def test_moved_renamed_gone_and_new():
    imported(api(PATHS))
    paths = {
        "/documents": {"get": operation("listFiles", summary="List of files")},
        "/files/{name}": {"get": operation("readFile", "name")},
        "/parts": {"get": operation("listParts")},
    }
    result = imported(api(paths))
    assert states(result) == {
        "list-files": "moved",
        "get-file": "renamed",
        "delete-files-id": "gone",
        "list-parts": "new",
    }
    assert Endpoint.objects.get(code="list-files").path_template == "/documents"
    assert Endpoint.objects.get(code="get-file").path_template == "/files/{name}"
    assert Endpoint.objects.filter(code="delete-files-id", path_template="/files/{id}").exists()
    assert set(states(imported(api(paths))).values()) == {"gone", "unchanged"}


def test_two_that_change_places():
    one = {"/a": {"get": operation("a")}, "/b": {"get": operation("b")}}
    imported(api(one))
    imported(api({"/a": {"get": operation("b")}, "/b": {"get": operation("a")}}))
    assert dict(Endpoint.objects.values_list("code", "path_template")) == {"a": "/b", "b": "/a"}


def test_after_publishing_a_new_draft_has_what_is_in_force():
    paths = {"/a": {"get": operation("a", **{"x-credits": 2})}}
    first = imported(api(paths)).card
    first.effective_at = datetime(2020, 1, 1, tzinfo=UTC)
    first.save()
    rate_cards.publish(first)
    assert imported(api(paths)).card is None
    second = imported(api(paths | {"/b": {"get": operation("b")}})).card
    assert (lines(second), open_codes(second)) == ({"a": 2 * CREDIT}, ["b"])


def test_endpoints_made_by_hand_are_taken_over():
    rate_cards.create_endpoint(
        code="files", name="Files", method="get", path_template="/files/{key}"
    )
    rate_cards.create_endpoint(code="list-files", name="List of files")
    assert states(imported(api(PATHS))) == {
        "files": "renamed",
        "list-files": "moved",
        "delete-files-id": "new",
    }
    assert Endpoint.objects.count() == 3


@pytest.mark.parametrize("method", ["GET", ""])
def test_templates_that_collide(method):
    imported(api({"/files/{x}": {"get": operation("other", "x")}}, title="Other"))
    Endpoint.objects.update(method=method)
    with pytest.raises(FileRefused) as refused:
        imported(api(PATHS))
    (problem, *_) = map(str, refused.value.problems)
    assert problem.startswith(
        "line 14, paths > /files/{id} > get: GET /files/{id} is matched by endpoint other already,"
        " which is of the API Other."
    )
    assert Endpoint.objects.count() == 1


def test_codes_are_the_same_each_time():
    def code(id, taken=(), path="/v1/files/{id}"):
        paths = {path: {"post": operation(id, *(["id"] if "{" in path else []))}}
        return naming.code(read(api(paths)).description.operations[0], taken.__contains__)

    assert code("getFileSummary") == "get-file-summary"
    assert code("HTTPStatus_of.it") == "http-status-of-it"
    assert code(None) == "post-v1-files-id"
    marked = code("getFileSummary", {"get-file-summary"})
    assert marked == code("getFileSummary", {"get-file-summary"}) != code("get_file_summary")
    assert len(code("x" * 150)) <= 100
    assert code("x" * 150) != code("x" * 151)


def test_two_ids_that_read_the_same():
    paths = {"/a": {"get": operation("getFile")}, "/b": {"get": operation("get_file")}}
    first = imported(api(paths))
    codes = dict(OpenApiOperation.objects.values_list("operation_id", "endpoint__code"))
    assert codes["getFile"] == "get-file" != codes["get_file"]
    backwards = dict(reversed(paths.items()))
    assert set(states(imported(api(backwards))).values()) == {"unchanged"}
    assert states(first).keys() == {*codes.values()}


def command(file, *options):
    out = StringIO()
    call_command("import_openapi", str(file), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "api.yaml"
    path.write_bytes(raw(api(PATHS)))
    return path


def test_the_command_tells_what_it_does(file):
    assert "Nothing was saved." in command(file, "--dry-run")
    assert not Endpoint.objects.exists()
    assert not OpenApiFile.objects.exists()
    told = command(file).splitlines()
    assert told[0] == "new       delete-files-id: DELETE /files/{id} (to be filled in)"
    assert told[-2] == "Files: 3 new, 0 moved, 0 renamed, 0 unchanged, 0 gone"
    assert told[-1] == f"The prices are on the draft {draft().name}."


def test_the_command_for_machines(file):
    document = json.loads(command(file, "--json"))
    assert document["saved"] is True
    assert document["rate_card"] == draft().name
    assert document["counts"] == {"new": 3, "moved": 0, "renamed": 0, "unchanged": 0, "gone": 0}
    assert (
        document["operations"][1] | {"state": "new", "endpoint": "get-file"}
        == (document["operations"][1])
    )


def test_the_command_saves_nothing_of_a_broken_file(file, tmp_path):
    file.write_bytes(raw(api(PATHS | {"/a": {"get": operation("getFile")}})))
    with pytest.raises(CommandError, match="has operationId getFile too"):
        command(file)
    with pytest.raises(CommandError, match="cannot be read"):
        command(tmp_path / "none.yaml")
    assert not Endpoint.objects.exists()


def test_a_card_that_is_named_takes_the_prices(file):
    own = rate_cards.create_card(name="own", effective_at=datetime.now(UTC))
    with pytest.raises(CommandError, match="There is no rate card none"):
        command(file, "--card", "none")
    command(file, "--card", "own")
    assert len(open_codes(own)) == 3
    for endpoint in Endpoint.objects.all():
        rate_cards.set_price(own, endpoint, per_call=1)
    rate_cards.publish(own)
    with pytest.raises(CommandError, match="own is published: name a draft"):
        command(file, "--card", "own")


def test_lines_to_fill_in_are_on_the_page_of_the_card(client):
    client.force_login(User.objects.create_superuser("boss@example.com"))
    card = imported(api(PATHS)).card
    page = reverse("admin:ledger_ratecard_change", args=[card.pk])
    shown = client.get(page)
    (formset,) = [one.formset for one in shown.context["inline_admin_formsets"]]
    found = {one.initial["endpoint"].code: one["per_call"].value() for one in formset.forms}
    assert found == dict.fromkeys(["delete-files-id", "get-file", "list-files"])
    fields = {"name": card.name, "effective_at_0": "2026-12-01", "effective_at_1": "00:00:00"}
    fields |= {"prices-TOTAL_FORMS": "3", "prices-INITIAL_FORMS": "0"}
    for number, (one, cost) in enumerate(zip(formset.forms, ("", "0", "2.5"), strict=True)):
        fields[f"prices-{number}-endpoint"] = str(one.initial["endpoint"].pk)
        fields[f"prices-{number}-per_call"] = cost
    answer = client.post(page, fields)
    assert answer.status_code == 302, answer.context["errors"]
    assert lines(card) == {"get-file": 0, "list-files": 2_500_000}
    assert open_codes(card) == ["delete-files-id"]
    Price.objects.filter(endpoint__code="get-file").delete()
    assert open_codes(card) == ["delete-files-id"]
