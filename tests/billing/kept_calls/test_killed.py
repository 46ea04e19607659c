"""Whatever step it is killed at, a month is here or in its file, and whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections

from billing import kept_calls
from ledger.models import DetachedMonth
from tests.billing.kept_calls.month import MONTH, broken, calls, detach, of_the_month, told
from tests.factories.ledger import Book

_KILLED = """
import os, signal, sys
import django
django.setup()
from datetime import date
from pathlib import Path
from billing import kept_calls
from ledger.detached import attaching, detaching, files, sums
module, name = sys.argv[1].split(".")
module = {"detaching": detaching, "attaching": attaching, "files": files, "sums": sums}[module]
work = getattr(module, name)
def killed(*args, **options):
    if sys.argv[2] == "after":
        work(*args, **options)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, name, killed)
path = Path(sys.argv[3])
if path.is_dir():
    kept_calls.detach(date.fromisoformat(sys.argv[4]), path, least_age=13)
else:
    kept_calls.attach(path)
"""


def killed(step: str, when: str, path: Path) -> None:
    """The command in a process of its own, which ends without warning."""
    addresses = {}
    for alias, variable in (("default", "DATABASE_URL"), ("owner", "OWNER_DATABASE_URL")):
        given = connections[alias].settings_dict
        addresses[variable] = (
            f"postgresql:///{given['NAME']}?host={given['HOST']}&user={given['USER']}"
        )
    program = [sys.executable, "-c", _KILLED, step, when, str(path), MONTH.first.isoformat()]
    environment = os.environ | addresses | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    ended = subprocess.run(program, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == -9, ended.stderr[-2000:]


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("files.write", "after"),
        ("detaching.compare", "after"),
        ("sums.keep", "after"),
        ("files.name", "after"),
        ("detaching.record", "after"),
        ("detaching.drop", "before"),
        ("detaching.drop", "after"),
    ],
)
def test_killed_while_it_detaches(book: Book, tmp_path: Path, step: str, when: str) -> None:
    before, known = calls(), told(book)
    killed(step, when, tmp_path)
    assert calls() == before
    assert not DetachedMonth.objects.exists()
    assert broken() == []
    file = detach(tmp_path)
    assert told(book) == known
    kept_calls.attach(file)
    assert calls() == before


@pytest.mark.parametrize(
    ("step", "when"),
    [("attaching.fill", "after"), ("sums.forget", "before"), ("sums.forget", "after")],
)
def test_killed_while_it_attaches(book: Book, tmp_path: Path, step: str, when: str) -> None:
    before = calls()
    file = detach(tmp_path)
    killed(step, when, file)
    assert of_the_month() == 0
    assert DetachedMonth.objects.exists()
    assert broken() == []
    kept_calls.attach(file)
    assert calls() == before
