"""YAML as people write it. Numbers with a point stay the text that they are: 0.10 is no float."""

from typing import Any

import yaml


class Loader(yaml.SafeLoader):
    pass


def _text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return str(node.value)


def _instant(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:
        # The 30th of February: whoever reads the field says so.
        return str(node.value)


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    """Of two fields of one name, YAML would take the last."""
    names: set[Any] = set()
    for key, _ in node.value:
        name = loader.construct_object(key)
        if name in names:
            raise yaml.constructor.ConstructorError(
                None, None, f"{name} stands here twice", key.start_mark
            )
        names.add(name)
    return dict(loader.construct_mapping(node, deep=True))


Loader.add_constructor("tag:yaml.org,2002:float", _text)
Loader.add_constructor("tag:yaml.org,2002:timestamp", _instant)
Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
