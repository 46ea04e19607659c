"""What the document has to have, whatever operations there are."""

from collections.abc import Iterator
from typing import Any

import pytest

from config.openapi.document import document
from config.openapi.operations import OPERATIONS
from config.openapi.routes import Route, found
from config.problems import PROBLEMS
from tests.system.http import NO_KEY, Api

ROUTES = found()


def of(route: Route) -> dict[str, Any]:
    return document()["paths"][route.path][route.method.lower()]


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", ROUTES, ids=name)
class TestEveryOperation:
    def test_is_described(self, route):
        """Who adds an operation says in config/openapi/operations.py what it is for."""
        assert (route.method, route.path) in OPERATIONS

    def test_can_be_refused_for_want_of_a_key(self, route, api):
        path = route.path.removeprefix("/v1").replace("{", "").replace("}", "")
        stranger = Api(api.base_url, None, api._connection)
        answer = stranger.send(route.method, path, {}, NO_KEY)
        assert answer.problem == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert of(route)["security"]

    def test_names_problems_that_there_are(self, route):
        assert set(problems(of(route))) <= set(PROBLEMS)

    def test_is_named_by_a_key_where_it_writes(self, route):
        names = {parameter["name"] for parameter in of(route)["parameters"]}
        assert ("Idempotency-Key" in names) == route.has_key


def test_nothing_is_described_that_is_not_there():
    assert set(OPERATIONS) == {(route.method, route.path) for route in ROUTES}


def test_it_names_its_operations_each_by_another_name():
    ids = [of(route)["operationId"] for route in ROUTES]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere():
    schemas = document()["components"]["schemas"]
    prefix = "#/components/schemas/"
    assert {ref.removeprefix(prefix) for ref in references(document())} <= set(schemas)


def test_it_is_served_to_everybody(api):
    answer = Api(api.base_url, None, api._connection).get("v1/openapi.json")
    assert answer.status == 200
    assert answer.json()["openapi"] == "3.1.0"


def problems(operation: dict[str, Any]) -> Iterator[str]:
    for response in operation["responses"].values():
        for media in response.get("content", {}).values():
            for part in media["schema"].get("allOf", ())[1:]:
                for type_ in part["properties"]["type"]["enum"]:
                    yield type_.removeprefix("/problems/")


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)
