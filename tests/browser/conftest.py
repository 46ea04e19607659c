"""A browser, and an installation of its own that it looks at."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.visitor import Site, Visitor
from tests.system.installation import installed

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Of what is expected to appear by itself; what is wrong fails as soon as that.
PATIENCE_MS = 20_000

Visitors = Callable[..., Visitor]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Closed after these tests: as long as it runs, Django takes the process for an async one."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no browser: apt-get install --no-install-recommends chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        # Tests run as root in containers, where its own sandbox cannot be made.
        args = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(chromium: Browser) -> Iterator[Site]:
    """With packs on sale. At the end of it all, its books tie."""
    folder = Path(tempfile.mkdtemp(prefix="drawdown-browser-"))
    folder.chmod(0o755)
    try:
        with installed(folder / "one") as installation:
            site = Site(installation)
            site.put_on_sale("Small", credits=500, price="25.00")
            site.put_on_sale("Large", credits=5_000, price="200.00", bonus=250)
            yield site
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def visitors(site: Site, chromium: Browser) -> Iterator[Visitors]:
    """Makes them, each with a browser profile of its own. None may meet with a fault of a page."""
    made: list[Visitor] = []

    def visit(email: str = "", **options: object) -> Visitor:
        visitor = Visitor(site, chromium, **options)
        made.append(visitor)
        if email:
            visitor.sign_in(email)
        return visitor

    yield visit
    faults = [fault for visitor in made for fault in visitor.faults]
    for visitor in made:
        visitor.leave()
    assert not faults, "\n".join(faults)
