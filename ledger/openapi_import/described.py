"""The operations that a file describes, and whatever of it cannot be made an endpoint."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from ledger.openapi_import import costs
from ledger.openapi_import.costs import Cost, CostUnclear
from ledger.openapi_import.documents import Document
from ledger.openapi_import.errors import FileRefused, Path, Problem
from ledger.openapi_import.references import followed

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
TEMPLATE_MAX: Final = 500
NAME_MAX: Final = 200
TITLE_MAX: Final = 200
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")


class Described(NamedTuple):
    """`template` is empty where a part of a segment is a parameter: such a path is matched to no
    template, and calls name the endpoint."""

    path: Path
    operation_id: str
    method: str
    template: str
    name: str
    cost: Cost | None

    @property
    def shape(self) -> str:
        return shape(self.method, self.template)


class Description(NamedTuple):
    title: str
    version: str
    operations: list[Described]
    notes: list[str]


def shape(method: str, template: str) -> str:
    """The same for all that match the same paths: how a placeholder is called is no matter."""
    return f"{method.upper()} {_PLACEHOLDER.sub('{}', template)}"


def describe(document: Document) -> Description:
    """Raises FileRefused, with everything that is wrong."""
    info = document.content["info"]
    found: list[Described] = []
    problems: list[Problem] = []
    notes: list[str] = []
    for path, item in (document.content.get("paths") or {}).items():
        if path.startswith("/"):
            _describe_path(document, path, item, found, problems, notes)
    problems += _twice(document, found)
    if not found and not problems:
        problems = [document.problem(("paths",), "The file has no operations.")]
    if problems:
        raise FileRefused(problems)
    return Description(
        str(info["title"]).strip()[:TITLE_MAX], str(info["version"]), found, sorted(set(notes))
    )


def _describe_path(
    document: Document,
    path: str,
    item: Any,
    found: list[Described],
    problems: list[Problem],
    notes: list[str],
) -> None:
    place = ("paths", path)
    try:
        whole = followed(document, item, place)
    except FileRefused as refusal:
        problems += refusal.problems
        return
    for method in METHODS:
        operation = whole.get(method) if isinstance(whole, Mapping) else None
        if not isinstance(operation, Mapping):
            continue
        try:
            found.append(_described(document, (*place, method), whole, operation, notes))
        except FileRefused as refusal:
            problems += refusal.problems


def _described(
    document: Document,
    place: Path,
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    notes: list[str],
) -> Described:
    _, path, method = place
    base, note = _base_path(document, place, item, operation)
    if note:
        notes.append(note)
    _check_parameters(document, place, item, operation)
    template = base + path
    if len(template) > TEMPLATE_MAX:
        raise FileRefused([document.problem(place, f"The path is longer than {TEMPLATE_MAX}.")])
    if not _is_whole(template):
        notes.append(
            f"{method.upper()} {template}: a part of a segment is a parameter, which no template"
            " matches. Calls name the endpoint instead."
        )
        template = ""
    return Described(
        place,
        str(operation.get("operationId") or ""),
        method.upper(),
        template,
        _name(operation, method, base + path),
        _cost(document, place, operation),
    )


def _name(operation: Mapping[str, Any], method: str, path: str) -> str:
    summary = " ".join(str(operation.get("summary") or "").split())
    return (summary or str(operation.get("operationId") or f"{method.upper()} {path}"))[:NAME_MAX]


def _cost(document: Document, place: Path, operation: Mapping[str, Any]) -> Cost | None:
    try:
        return costs.read(operation.get(costs.EXTENSION))
    except CostUnclear as unclear:
        at = (*place, costs.EXTENSION, *unclear.step)
        raise FileRefused([document.problem(at, unclear.detail)]) from None


def _is_whole(template: str) -> bool:
    """Whether each placeholder is a whole segment."""
    return all(
        "{" not in segment or _PLACEHOLDER.fullmatch(segment) for segment in template.split("/")
    )


def _base_path(
    document: Document, place: Path, item: Mapping[str, Any], operation: Mapping[str, Any]
) -> tuple[str, str]:
    """Of the first server: the operation's, else the path's, else the file's."""
    scopes = ((place, operation), (place[:2], item), ((), document.content))
    for at, scope in scopes:
        servers = scope.get("servers")
        if servers:
            bases = [
                _base_of(document, (*at, "servers", str(number)), server)
                for number, server in enumerate(servers)
            ]
            others = sorted(set(bases) - {bases[0]})
            note = f"The path of the first server is taken, {bases[0] or '/'}; others differ: "
            return bases[0], note + ", ".join(one or "/" for one in others) if others else ""
    return "", ""


def _base_of(document: Document, place: Path, server: Mapping[str, Any]) -> str:
    variables = server.get("variables") or {}

    def default(match: re.Match[str]) -> str:
        variable = variables.get(match[1])
        if not isinstance(variable, Mapping) or "default" not in variable:
            detail = f"The variable {match[1]} has no default."
            raise FileRefused([document.problem((*place, "url"), detail)])
        return str(variable["default"])

    url = _VARIABLE.sub(default, str(server.get("url", "")))
    path = urlsplit(url).path.rstrip("/")
    return path if path.startswith("/") or not path else f"/{path}"


def _check_parameters(
    document: Document, place: Path, item: Mapping[str, Any], operation: Mapping[str, Any]
) -> None:
    """Those of the path count for each of its operations."""
    names = _PLACEHOLDER.findall(place[1])
    twice = [name for name, times in Counter(names).items() if times > 1 or not name]
    declared = {
        *_path_parameters(document, place[:2], item),
        *_path_parameters(document, place, operation),
    }
    details = [f"{{{name}}} stands twice, or has no name, in the path." for name in twice]
    details += [
        f"{{{name}}} is no declared path parameter." for name in names if name not in declared
    ]
    details += [f"The path has no {{{name}}}." for name in sorted(declared - set(names))]
    if details:
        raise FileRefused([document.problem(place, detail) for detail in details])


def _path_parameters(document: Document, place: Path, holder: Mapping[str, Any]) -> Iterator[str]:
    for number, parameter in enumerate(holder.get("parameters") or []):
        whole = followed(document, parameter, (*place, "parameters", str(number)))
        if isinstance(whole, Mapping) and whole.get("in") == "path":
            yield str(whole.get("name"))


def _twice(document: Document, found: list[Described]) -> Iterator[Problem]:
    first: dict[str, Described] = {}
    for one in found:
        keys = [f"operationId {one.operation_id}"] if one.operation_id else []
        keys += [f"the path {one.shape}"] if one.template else []
        for key in keys:
            other = first.setdefault(key, one)
            if other is not one:
                where = " > ".join(other.path)
                at = (*one.path, "operationId") if key.startswith("operationId") else one.path
                yield document.problem(at, f"{where} has {key} too.")
