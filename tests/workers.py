"""Several processes run the tests, each on a database server of its own. Loaded before settings are
read, which say where the state folder is."""

import os
import re
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
# Their tests share installations, which are started once.
TOGETHER = ("tests/access", "tests/broker", "tests/browser", "tests/demo", "tests/system")
# What takes longest begins first, that no process is left with it in the end.
LONGEST = (
    *("tests/system", "tests/browser", "tests/broker", "tests/access", "tests/demo"),
    *("tests/api/test_contract", "tests/config/test_run", "tests/ledger/core/test_model"),
    *("tests/billing/plans/test_paying", "tests/billing/admin/dashboard/test_figures"),
    *("tests/config/", "tests/ledger/core/", "tests/billing/plans/"),
)

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
    if WORKER:
        items.sort(key=_rank)


class Groups(LoadScopeScheduling):
    """A group is run by one process. (The mark xdist_group does nothing with pytest 9.2, which does
    not let xdist rename tests.)"""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    return Groups(config, log)


def _rank(item: pytest.Item) -> int:
    long = (rank for rank, start in enumerate(LONGEST) if item.nodeid.startswith(start))
    return next(long, len(LONGEST))
