"""What a `$ref` stands for, within the file."""

from typing import Any
from urllib.parse import unquote

from ledger.openapi_import.documents import Document
from ledger.openapi_import.errors import FileRefused, Path


def followed(document: Document, value: Any, path: Path) -> Any:
    """The value itself where it is no reference. Nothing is ever fetched. Raises FileRefused."""
    seen: set[str] = set()
    while isinstance(value, dict) and isinstance(value.get("$ref"), str):
        target = value["$ref"]
        if not target.startswith("#"):
            detail = f"{target} is outside of this file: bundle them into one first."
            raise FileRefused([document.problem((*path, "$ref"), detail)])
        if target in seen:
            raise FileRefused([document.problem((*path, "$ref"), f"{target} refers to itself.")])
        seen.add(target)
        value = _at(document, target, path)
    return value


def _at(document: Document, target: str, path: Path) -> Any:
    value = document.content
    for step in target.removeprefix("#").lstrip("/").split("/"):
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise FileRefused([document.problem((*path, "$ref"), f"There is no {target}.")])
    return value
