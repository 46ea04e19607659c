"""Who looks at the portal, and what they do there."""

import re
from email import message_from_bytes, policy
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect

from tests.system.http import Answer, Api
from tests.system.installation import Installation

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PASSWORD = "correct horse battery"

_NEW_PACK = """
from decimal import Decimal
from billing.models import Pack
pack = Pack.objects.create(
    code={code!r}, name={name!r}, credits={credits} * 10**6, bonus_credits={bonus} * 10**6
)
pack.prices.create(price=Decimal({price!r}), price_currency="USD")
"""


class Site:
    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.demo = installation.service.demo()
        self.url: str = self.demo["base_url"]
        # Of those who have signed in once: a session is enough for many tests.
        self.sessions: dict[str, Any] = {}

    def put_on_sale(self, name: str, *, credits: int, price: str, bonus: int = 0) -> None:
        script = _NEW_PACK.format(
            code=name.lower(), name=name, credits=credits, price=price, bonus=bonus
        )
        self.installation.manage("shell", "--verbosity=0", "--command", script)

    def password_of(self, email: str) -> str:
        return next(
            (one["password"] for one in self.demo["customers"] if one["email"] == email), PASSWORD
        )

    def link_mailed_to(self, email: str) -> str:
        """The last one."""
        files = sorted(
            (self.installation.state / "mail").iterdir(), key=lambda f: f.stat().st_mtime
        )
        for file in reversed(files):
            message = message_from_bytes(file.read_bytes(), policy=policy.default)
            if message["To"] == email:
                text = message.get_content()
                return re.findall(r"http://\S+/(?:accounts|portal)/\S+", text)[0]
        raise AssertionError(f"nothing was mailed to {email}")

    def purchases(self) -> int:
        """Of everybody."""
        (row,) = self.installation.rows("select count(*) from billing_purchase")
        return int(row["count"])

    def debit(self, key: str, amount: str) -> Answer:
        """As the service does that the customer calls with its key."""
        with Api(self.url, self.demo["service_key"]) as api:
            return api.post("/debits", {"api_key": key, "amount": amount})


class Visitor:
    def __init__(self, site: Site, browser: Browser, **options: Any) -> None:
        self._site, self._browser = site, browser
        self.faults: list[str] = []
        self._before = site.purchases()
        self._options: dict[str, Any] = {"viewport": DESK, "reduced_motion": "reduce"} | options
        self._open()

    def sign_in(self, email: str) -> None:
        state = self._site.sessions.get(email)
        if state is None:
            self.go("/accounts/login/")
            self.page.get_by_label("E-mail").fill(email)
            self.page.get_by_label("Password").fill(self._site.password_of(email))
            self.page.get_by_role("button", name="Sign in").click()
            expect(self.page.get_by_role("heading", level=1)).to_have_text("Overview")
            self._site.sessions[email] = self._context.storage_state()
            return
        self._context.close()
        self._options["storage_state"] = state
        self._open()

    def sign_up(self, company: str, email: str) -> None:
        self.go("/accounts/signup/")
        self.page.get_by_label("Company").fill(company)
        self.page.get_by_label("Work e-mail").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_label("I agree").check()
        self.page.get_by_role("main").get_by_role("button").click()
        self.sees("Look into your mailbox")

    def confirm(self, email: str) -> None:
        self.page.goto(self._site.link_mailed_to(email))
        self.page.get_by_role("main").get_by_role("button").click()
        self.sees("Overview")

    def go(self, path: str) -> Response | None:
        return self.page.goto(self._site.url + path)

    def path(self) -> str:
        return self.page.url.removeprefix(self._site.url)

    def tab(self) -> Page:
        """Another one of the same browser."""
        page = self._context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("response", self._answered)
        return page

    def sees(
        self, heading: str, page: Page | None = None, *, within_ms: float | None = None
    ) -> None:
        expect((page or self.page).get_by_role("heading", level=1)).to_have_text(
            heading, timeout=within_ms
        )

    def buy(self, pack: str, page: Page | None = None) -> None:
        """As far as the provider's page."""
        page = page or self.page
        page.goto(f"{self._site.url}/portal/buy/")
        self.choose(pack, page)
        expect(page.get_by_role("button", name="Pay $")).to_be_visible()

    def choose(self, pack: str, page: Page | None = None) -> None:
        (page or self.page).get_by_role("button", name=f"Buy {pack} for").click()

    def pay(self, page: Page | None = None) -> None:
        (page or self.page).get_by_role("button", name="Pay").click()

    def create_key(self, name: str) -> str:
        self.go("/portal/keys/")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_role("button", name="Create key").click()
        return self.page.locator("#new-key").inner_text()

    def new_purchases(self) -> list[str]:
        """The states of those that this visitor has made, the last first."""
        self.go("/portal/purchases/")
        states = self.page.locator("tbody .badge").all_inner_texts()
        return states[: self._site.purchases() - self._before]

    def forgive(self, pattern: str) -> None:
        """Faults that a test has made itself."""
        self.faults = [one for one in self.faults if not re.search(pattern, one)]

    def leave(self) -> None:
        self._context.close()

    def _open(self) -> None:
        self._context = self._browser.new_context(**self._options)
        self.page = self.tab()

    def _said(self, message: ConsoleMessage) -> None:
        # Of a page that is refused, the browser says so: tests look at those themselves.
        is_refusal = re.search(r"status of 4\d\d", message.text)
        if message.type in ("error", "warning") and not is_refusal:
            self.faults.append(f"{message.location.get('url')}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.url}: {response.status}")
