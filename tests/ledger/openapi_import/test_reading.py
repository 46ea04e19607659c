"""What is wrong with a file is said with its place."""

import json

import pytest

from ledger.openapi_import import documents
from tests.ledger.openapi_import.files import api, operation, parameter, problems, raw, read

ONE = {"/files": {"get": operation("listFiles", summary="List of files")}}


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", "3.1.1"])
@pytest.mark.parametrize("written", [raw, lambda document: json.dumps(document, indent=1).encode()])
def test_both_versions_in_both_notations(version, written):
    file = read(written(api(ONE, version=version)))
    (found,) = file.description.operations
    assert (found.method, found.template, found.name) == ("GET", "/files", "List of files")


def test_json_with_tabs_and_what_is_beyond_16_bits():
    document = api({"/a": {"get": operation("a", summary="A \U0001f600")}})
    text = json.dumps(document, indent="\t")
    assert "\\ud83d" in text
    (found,) = read(text.encode()).description.operations
    assert found.name == "A \U0001f600"
    document["paths"]["/a"]["get"]["x-credits"] = -1
    (told,) = problems(json.dumps(document, indent="\t").encode())
    assert told.startswith("line 17, paths > /a > get > x-credits: Credits are a number")


def test_yaml_keys_and_dates_are_text():
    text = b"""
openapi: 3.1.0
info: {title: Files, version: 2026-11-22}
paths:
  /files:
    get:
      responses:
        200: {description: Done}
"""
    assert read(text).description.version == "2026-11-22"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "This is no OpenAPI file: it is no object."),
        (b"\xff\xfe", "line 1: This is no text in UTF-8."),
        (b'{"openapi": "3.1.0",\n "a": }', "line 2: This is no JSON: Expecting value."),
        (
            b"openapi: 3.1.0\ninfo: [",
            "line 3: This is no YAML: did not find expected node content.",
        ),
        (b"info: 1\ninfo: 2", "line 2: info stands here twice."),
        (b'{"a": 1, "a": 2}', "a stands twice in one object."),
        (b"swagger: '2.0'", "line 1, swagger: Swagger 2.0 is not supported: convert it to OpenAPI"),
        (b"openapi: 3.2.0", "line 1, openapi: OpenAPI 3.2.0 is not supported: 3.0 and 3.1 are"),
        (b"openapi: 3.1", "line 1, openapi: OpenAPI 3.1 is not supported: 3.0 and 3.1 are"),
        (b"info: {}", "This is no OpenAPI file: openapi is missing."),
        (b"a: &a [1]\nb: !!python/name:os.system x", "line 2: This is no YAML: could not"),
    ],
)
def test_broken_files(text, told):
    (found,) = problems(text)
    assert found.startswith(told)


def test_bombs_are_refused():
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for n in range(1, 9):
        lines.append(f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]")
    (told,) = problems("\n".join(lines).encode())
    assert "aliases of aliases" in told
    (told,) = problems(b" " * (documents.SIZE_MAX + 1))
    assert told == "The file is larger than 5 MB."
    assert problems(b'{"a":' + b"[" * 100_000)[0].startswith("The file is nested too deeply")
    assert len(problems(b"a: &a [*a]")) == 1


def test_every_mistake_is_told():
    paths = {
        "/a": {"get": {"operationId": 3}},
        "/b": {"get": operation("b", summary=["no text"])},
    }
    told = problems(api(paths, version="3.0.3"))
    assert any("paths > /a > get: 'responses' is a required property" in one for one in told)
    assert any(
        "paths > /b > get > summary: ['no text'] is not of type 'string'" in one for one in told
    )


def test_parameters_of_a_path_count_for_its_operations():
    paths = {
        "/files/{id}": {
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "get": operation("get"),
            "put": operation("put"),
        },
        "/files/{id}/parts/{part}": {
            "parameters": [parameter("id")],
            "get": operation("p", "part"),
        },
    }
    components = {"parameters": {"id": parameter("id")}}
    found = read(api(paths, components=components)).description.operations
    assert [one.template for one in found] == [*["/files/{id}"] * 2, "/files/{id}/parts/{part}"]


def test_placeholders_and_parameters_go_together():
    paths = {"/a/{id}": {"get": operation("a")}, "/b": {"get": operation("b", "id")}}
    assert problems(api(paths)) == [
        "line 7, paths > /a/{id} > get: {id} is no declared path parameter.",
        "line 13, paths > /b > get: The path has no {id}.",
    ]


@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ("#/components/pathItems/none", "There is no #/components/pathItems/none."),
        ("#/paths/~1a", "#/paths/~1a refers to itself."),
        ("others.yaml#/a", "others.yaml#/a is outside of this file: bundle them into one first."),
        ("http://127.0.0.1/a", "http://127.0.0.1/a is outside of this file: bundle them into one"),
    ],
)
def test_references_that_lead_nowhere(ref, told):
    (found,) = problems(api(ONE | {"/a": {"$ref": ref}}))
    assert found.startswith(f"line 14, paths > /a > $ref: {told}")


def test_references_to_paths():
    items = {"pathItems": {"a.b": {"get": operation("a")}}}
    document = api({"/a": {"$ref": "#/components/pathItems/a%2Eb"}}, components=items)
    assert [one.template for one in read(document).description.operations] == ["/a"]


def test_two_operations_with_one_id_or_one_path():
    paths = {
        "/a/{x}": {"get": operation("same", "x")},
        "/a/{y}": {"get": operation("other", "y"), "put": operation("same", "y")},
    }
    told = problems(api(paths))
    assert "paths > /a/{y} > get: paths > /a/{x} > get has the path GET /a/{} too." in told[0]
    assert "put > operationId: paths > /a/{x} > get has operationId same too." in told[1]


@pytest.mark.parametrize(
    ("servers", "template"),
    [
        ([], "/files"),
        ([{"url": "/"}], "/files"),
        ([{"url": "https://api.example.com/v1/"}], "/v1/files"),
        ([{"url": "v2"}], "/v2/files"),
        (
            [
                {
                    "url": "https://{host}/{at}",
                    "variables": {"host": {"default": "h"}, "at": {"default": "v3"}},
                }
            ],
            "/v3/files",
        ),
    ],
)
def test_the_path_of_the_server_comes_first(servers, template):
    (found,) = read(api(ONE, servers=servers)).description.operations
    assert found.template == template


def test_servers_of_an_operation_go_before_those_of_the_file():
    paths = {
        "/a": {"servers": [{"url": "/path"}], "get": operation("a", servers=[{"url": "/own"}])},
        "/b": {"servers": [{"url": "/path"}], "get": operation("b")},
    }
    document = api(paths, servers=[{"url": "/v1"}, {"url": "/v2"}])
    assert [one.template for one in read(document).description.operations] == ["/own/a", "/path/b"]
    file = read(api(ONE, servers=[{"url": "/v1"}, {"url": "/v2"}]))
    assert file.description.notes == [
        "The path of the first server is taken, /v1; others differ: /v2"
    ]


def test_a_part_of_a_segment_cannot_be_matched():
    paths = {"/files/{id}.json": {"get": operation("asJson", "id")}}
    description = read(api(paths)).description
    assert description.operations[0].template == ""
    assert "Calls name the endpoint instead." in description.notes[0]


def test_a_file_without_operations():
    assert problems(api({})) == ["line 5, paths: The file has no operations."]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (-1, "x-credits: Credits are a number"),
        ("1.0000001", "x-credits: Credits are a number"),
        (0.0000001, "x-credits: Credits are a number"),
        (True, "x-credits: Credits are a number"),
        ({"price": 1}, "x-credits > price: price is not known here"),
        ({"units": {"name": "a"}}, "x-credits > units: units is a list"),
        ({"units": [{"name": "a"}]}, "x-credits > units > 0: credits is missing"),
        ({"units": [{"name": "a b", "credits": 1}]}, "x-credits: 'a b' is no name of a unit"),
        ({"units": [{"name": "a", "credits": 1, "size": 0}]}, "x-credits: a: a price is for 1 to"),
        ({"units": [{"name": "a", "credits": 1}] * 2}, "x-credits: a: this unit is there twice"),
        ({"minimum": 2, "maximum": 1}, "x-credits: The minimum of 2 is above the maximum of 1."),
    ],
)
def test_costs_that_are_none(said, told):
    (found,) = problems(api({"/a": {"get": operation("a", **{"x-credits": said})}}))
    assert told in found
