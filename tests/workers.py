"""Several processes run the tests, each on a database server of its own. Loaded before settings are
read, which say where the state folder is."""

import os
import re
from pathlib import Path

import pytest

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
# Their tests share installations, which are started once.
TOGETHER = ("tests/access", "tests/broker", "tests/browser", "tests/demo", "tests/system")

if WORKER:
    # Not within the tree that it is the state of: make test STATE=... says where.
    os.environ["STATE"] = str(
        Path(os.environ.get("STATE") or ".run").absolute() / f"tests-{WORKER}"
    )

# Ids and keys are made anew in every process, which must call a test the same.
MADE_ANEW = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-|dd[sk]_\w{30}")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    return argname if isinstance(val, str) and MADE_ANEW.search(val) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        file = item.nodeid.split("::")[0]
        group = next((folder for folder in TOGETHER if file.startswith(folder)), file)
        # pytest 9.2 does not let xdist rename tests, so it does nothing till xdist knows of that:
        # each process makes the installations that its tests share.
        item.add_marker(pytest.mark.xdist_group(group))
