"""OpenAPI files, as their authors would write them."""

import yaml

from ledger.openapi_import import applying
from ledger.openapi_import.errors import FileRefused

RESPONSES = {"200": {"description": "Done"}}


def parameter(name):
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def operation(id=None, *parameters, **more):
    told = {"responses": RESPONSES} | more
    if id:
        told["operationId"] = id
    if parameters:
        told["parameters"] = [parameter(name) for name in parameters]
    return told


def api(paths, *, version="3.1.0", title="Files", **more):
    return {"openapi": version, "info": {"title": title, "version": "1"}, "paths": paths} | more


def raw(document):
    return yaml.safe_dump(document, sort_keys=False).encode()


def read(document):
    return applying.read(document if isinstance(document, bytes) else raw(document))


def imported(document, **how):
    text = document if isinstance(document, bytes) else raw(document)
    return applying.import_at_once(text, applying.read(text), api="", card=None, **how)


def states(imported):
    return {change.code: change.state.value for change in imported.comparison.changes}


def problems(document):
    try:
        read(document)
    except FileRefused as refusal:
        return [str(problem) for problem in refusal.problems]
    raise AssertionError("it was taken")
