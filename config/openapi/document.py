"""One OpenAPI 3.1 document for all of /v1, whoever answers it."""

from functools import cache
from typing import Any

from config.openapi import batches, events, examples, fields, parameters, problems
from config.openapi.operations import OPERATIONS, Described
from config.openapi.routes import Route, found
from config.openapi.schemas import Schemas
from ledger.fastpath.requests import OPERATIONS_MAX

# Who imports the document has taught drf-spectacular our fields.
__all__ = ["document", "fields"]

Json = dict[str, Any]

_INFO: Json = {
    "title": "Drawdown",
    "version": "1",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "description": "A prepaid credit ledger. Reserve credits before a call is run, and settle when "
    "it is done.\n\nAmounts of credits are decimal strings. Ids are opaque. Times are RFC 3339 in "
    "UTC. A body is read as JSON, whatever its Content-Type says, but for events. Every write has "
    "an Idempotency-Key; sent again with it, a request gets the answer that it got first. Every "
    "refusal is `application/problem+json`, and its type is a page that says what to do.",
}
_SECURITY: Json = {
    "serviceKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "A service's key, with the scope that the operation names.",
    },
    "customerKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "A customer's own key, which reads what is the customer's.",
    },
}


@cache
def document() -> Json:
    schemas = Schemas()
    paths: Json = {}
    for route in sorted(found(), key=_place):
        operation = _operation(route, schemas)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    components = {**schemas.components(), "Problem": problems.SCHEMA}
    batches.describe(components)
    events.describe(components)
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": _SECURITY,
        },
    }


def _place(route: Route) -> int:
    """As in the table of operations, and behind it what is not described yet."""
    name = (route.method, route.path)
    return list(OPERATIONS).index(name) if name in OPERATIONS else len(OPERATIONS)


def _described(route: Route) -> Described:
    name = f"{route.method} {route.path}"
    return OPERATIONS.get((route.method, route.path)) or Described(name, name)


def _operation(route: Route, schemas: Schemas) -> Json:
    told = _described(route)
    operation: Json = {
        "operationId": told.id,
        "summary": told.summary,
        "description": told.description,
        "tags": [route.path.split("/")[2]],
        "security": _security(route),
        "parameters": _parameters(route, told),
    }
    if told.takes is not None:
        operation["requestBody"] = _request(route, told, schemas)
    refusals = problems.codes(operation, is_fastpath=route.is_fastpath, own=told.problems)
    operation["responses"] = {
        str(int(told.status)): _success(route, told, schemas),
        **problems.responses(refusals),
    }
    return operation


def _security(route: Route) -> list[Json]:
    accepted: list[Json] = [{"serviceKey": [str(route.scope)]}]
    return [*accepted, {"customerKey": []}] if route.is_open_to_the_customer else accepted


def _parameters(route: Route, told: Described) -> list[Json]:
    in_path = [
        {
            "name": part[1:-1],
            "in": "path",
            "required": True,
            "schema": parameters.IDS[part[1:-1]],
            **examples.segment(told.id, place),
        }
        for place, part in enumerate(route.path.split("/"))
        if part.startswith("{")
    ]
    pages = [parameters.LIMIT, parameters.CURSOR] if told.is_list else []
    key = [parameters.IDEMPOTENCY_KEY] if route.has_key else []
    return [*in_path, *told.parameters, *pages, *key, parameters.REQUEST_ID]


def _request(route: Route, told: Described, schemas: Schemas) -> Json:
    schema = schemas.request(told.takes, partial=route.method == "PATCH")
    content = {"schema": schema, **examples.request(told.id)}
    needed = not schemas.may_be_empty(schema)
    taken: Json = {told.media: content}
    if told.media_of_list:
        taken[told.media_of_list] = {
            "schema": {"type": "array", "maxItems": OPERATIONS_MAX, "items": schema}
        }
    return {"required": needed, "content": taken}


def _success(route: Route, told: Described, schemas: Schemas) -> Json:
    headers = {"X-Request-Id": parameters.ANSWERED_REQUEST_ID}
    if route.has_key:
        headers["Idempotent-Replayed"] = parameters.REPLAYED
    if "rate-limited" in told.problems:
        headers["RateLimit-Policy"] = parameters.RATE_LIMIT_POLICY
        headers["RateLimit"] = parameters.RATE_LIMIT
    response: Json = {"description": told.status.phrase, "headers": headers}
    if told.answers is not None:
        schema = schemas.answer(told.answers)
        content = {
            "schema": _page(schema, told.beside) if told.is_list else schema,
            **examples.answer(told.id),
        }
        response["content"] = {"application/json": content}
    return response


def _page(of: Json, beside: Json) -> Json:
    cursor = {
        "type": ["string", "null"],
        "description": "Sent as `cursor` it gives the next page. Null: this is the last.",
    }
    return {
        "type": "object",
        "required": ["data", "next_cursor", *beside],
        "properties": {"data": {"type": "array", "items": of}, "next_cursor": cursor, **beside},
    }
