"""A file as data, which is what JSON could say: YAML's dates stay texts and its keys are texts.

The tree that YAML is composed to is kept, so that whoever finds something wrong can name the line.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import yaml

from ledger.openapi_import.errors import FileRefused, Path, Problem

SIZE_MAX: Final = 5_000_000
# Aliases of YAML can make a small file a huge one.
NODES_MAX: Final = 500_000

_MERGE: Final = "tag:yaml.org,2002:merge"
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
# JSON's own way to write what is beyond 16 bits, which YAML has not.
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers = {
        start: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for start, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


class Document:
    def __init__(self, content: Any, root: yaml.Node | None) -> None:
        self.content = content
        self._root = root

    def problem(self, path: Path, detail: str) -> Problem:
        return Problem(self._line(path), path, detail)

    def _line(self, path: Path) -> int | None:
        """Of the last step that there is."""
        node, line = self._root, None
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line


def read(raw: bytes) -> Document:
    """Raises FileRefused."""
    if len(raw) > SIZE_MAX:
        raise _refused(None, f"The file is larger than {SIZE_MAX // 1_000_000} MB.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _refused(line, "This is no text in UTF-8.") from None
    try:
        return _from_json(text) if text.lstrip().startswith("{") else _from_yaml(text)
    except RecursionError:
        raise _refused(None, "The file is nested too deeply.") from None


def _from_json(text: str) -> Document:
    try:
        content = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise _refused(error.lineno, f"This is no JSON: {error.msg}.") from None
    try:
        # Only for the lines. Tabs between tokens are no matter to JSON.
        plain = _SURROGATE.sub("?", text).replace("\t", " ")
        return Document(content, _Loader(plain).get_single_node())
    except yaml.YAMLError:
        return Document(content, None)


def _from_yaml(text: str) -> Document:
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        content = _Builder(loader).build(root) if root else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = error.problem or error.context or "it cannot be read"
        raise _refused(mark.line + 1 if mark else None, f"This is no YAML: {told}.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise _refused(None, f"This is no YAML: {' '.join(str(error).split())}.") from None
    return Document(content, root)


class _Builder:
    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._left = NODES_MAX

    def build(self, node: yaml.Node) -> Any:
        self._left -= 1
        if self._left < 0:
            raise _refused(_line(node), "The file has too many values, or aliases of aliases.")
        if isinstance(node, yaml.MappingNode):
            _check_keys(node)
            self._loader.flatten_mapping(node)
            return {key.value: self.build(value) for key, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [self.build(one) for one in node.value]
        return self._loader.construct_object(node)


def _check_keys(node: yaml.MappingNode) -> None:
    seen = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _refused(_line(key), "A key is a text.")
        if key.tag != _MERGE and key.value in seen:
            raise _refused(_line(key), f"{key.value} stands here twice.")
        seen.add(key.value)


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _refused(None, f"{key} stands twice in one object.")
        found[key] = value
    return found


def _child(node: yaml.Node | None, step: str) -> tuple[int, yaml.Node] | None:
    return next(((line, child) for name, line, child in _children(node) if name == step), None)


def _children(node: yaml.Node | None) -> Iterator[tuple[str, int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, _line(key), value
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield str(number), _line(value), value


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _refused(line: int | None, detail: str) -> FileRefused:
    return FileRefused([Problem(line, (), detail)])
