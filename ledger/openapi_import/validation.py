"""What the specification says of a whole file, by its own JSON schema of that version."""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import validator_for

from ledger.openapi_import.documents import Document
from ledger.openapi_import.errors import FileRefused, Path, Problem

# drf-spectacular brings the OpenAPI Initiative's schemas.
_SCHEMAS: Final = {"3.0": "openapi_3_0_schema.json", "3.1": "openapi_3_1_schema.json"}
SHOWN_MAX: Final = 20
_LONG: Final = 200


def check(document: Document) -> None:
    """Raises FileRefused."""
    version = _version(document)
    found = list(_problems(document, _SCHEMAS[version]))
    if found:
        raise FileRefused(found[:SHOWN_MAX])


def _version(document: Document) -> str:
    content = document.content
    if not isinstance(content, dict):
        raise FileRefused([document.problem((), "This is no OpenAPI file: it is no object.")])
    if "swagger" in content:
        detail = f"Swagger {content['swagger']} is not supported: convert it to OpenAPI 3.0 or 3.1."
        raise FileRefused([document.problem(("swagger",), detail)])
    told = content.get("openapi")
    if told is None:
        raise FileRefused([document.problem((), "This is no OpenAPI file: openapi is missing.")])
    version = ".".join(str(told).split(".")[:2])
    if not isinstance(told, str) or version not in _SCHEMAS:
        detail = f"OpenAPI {told} is not supported: 3.0 and 3.1 are, written as text (3.1.0)."
        raise FileRefused([document.problem(("openapi",), detail)])
    return version


def _problems(document: Document, schema: str) -> Iterator[Problem]:
    for error in _validator(schema).iter_errors(document.content):
        deepest = best_match([error]) or error
        yield document.problem(_path(deepest), _told(deepest))


def _path(error: ValidationError) -> Path:
    return tuple(str(step) for step in error.absolute_path)


def _told(error: ValidationError) -> str:
    """The library writes the whole of what is wrong, which may be half a file."""
    message: str = error.message
    return message if len(message) <= _LONG else f"{message[: _LONG - 1]}\N{HORIZONTAL ELLIPSIS}"


@cache
def _validator(name: str) -> Any:
    schema = json.loads(files("drf_spectacular.validation").joinpath(name).read_text("utf-8"))
    # The specification lets a path refer to another, and its own schema of 3.1 forgot that.
    path_item = schema.get("$defs", {}).get("path-item")
    if path_item is not None:
        path_item["properties"].setdefault("$ref", {"type": "string"})
    return validator_for(schema)(schema)
