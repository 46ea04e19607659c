"""Several processes run the tests, each on a database server of its own. Loaded before settings are
read, which say where the state folder is."""

import os
from pathlib import Path

import pytest

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
# Their tests share installations, which are started once.
TOGETHER = ("tests/access", "tests/broker", "tests/browser", "tests/demo", "tests/system")

if WORKER:
    # Not within the tree that it is the state of: make test STATE=... says where.
    os.environ["STATE"] = str(Path(os.environ.get("STATE") or ".run").absolute() / f"tests-{WORKER}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        file = item.nodeid.split("::")[0]
        group = next((folder for folder in TOGETHER if file.startswith(folder)), file)
        item.add_marker(pytest.mark.xdist_group(group))
