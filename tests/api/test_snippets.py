"""What README and docs tell people to paste into a shell works when it is pasted."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from accounts import ids
from config.state import BASE_DIR
from tests.ledger.fastpath.shop import Shop, funded

PAGES = [BASE_DIR / "README.md", *sorted((BASE_DIR / "docs").rglob("*.md"))]


def lines(page: Path) -> str:
    """All that is to be pasted, in the order of the page."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE))


REFUSALS_FAIL = 'curl() { command curl --fail-with-body "$@"; }'
WITH_LINES = [page for page in PAGES if "curl" in lines(page)]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl to paste into")
@pytest.mark.parametrize("page", WITH_LINES, ids=lambda page: page.name)
def test_each_line_works_when_pasted(page: Path, shop: Shop) -> None:
    customer = ids.encode(ids.CUSTOMER, funded().id)
    # An alias counts for the lines that come after it, as at a prompt.
    script = f"set -eu\nshopt -s expand_aliases\n{REFUSALS_FAIL}\n{lines(page)}"
    outcome = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script],
        env=os.environ
        | {"DRAWDOWN": shop.base_url, "SERVICE_KEY": shop.secret, "CUSTOMER": customer},
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_there_are_some():
    assert WITH_LINES
