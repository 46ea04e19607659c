"""What holds of every page: on a phone and at a desk, light and dark, by eye, keyboard and ear."""

from django.template.loader import render_to_string
from django.urls import reverse
from playwright.sync_api import expect

from tests.access.test_every_url import TABLE
from tests.access.world import URLS
from tests.browser import axe
from tests.browser.test_policies import OPEN
from tests.browser.visitor import DESK, PHONE

OWNER = "owner@adventure-works.example"
EVERYBODYS = [
    "/",
    "/terms/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/confirm-email/",
    "/portal/invitations/unknown/",
]
MEMBERS = [
    "/portal/",
    "/portal/usage/",
    "/portal/usage/?unit=calls&split=key&outcome=success",
    "/portal/usage/?endpoint=nonsense&from=x",
    "/portal/statement/",
    "/portal/statement/?at=2026-01-01",
    "/portal/statement/?from=2000-01-01",
    "/portal/statement/?from=nonsense",
    "/portal/lots/",
    "/portal/alerts/",
    "/portal/alerts/mails/",
    "/portal/alerts/events/",
    "/portal/limits/",
    "/portal/plan/",
    "/portal/buy/",
    "/portal/calls/",
    "/portal/calls/?q=req-nowhere",
    "/portal/purchases/",
    "/portal/purchases/billing/",
    "/portal/top-up/",
    "/portal/start/",
    "/portal/start/?language=java",
    "/portal/prices/",
    "/portal/prices/?calls-1=1000&calls-4=20&each-4-tokens=x",
    "/portal/keys/",
    "/portal/sandbox/",
    "/portal/company/settings/",
    "/portal/webhooks/",
    "/portal/webhooks/events/",
    "/portal/members/",
    "/portal/account/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/sessions/",
    "/accounts/logout/",
    "/portal/nowhere/",
]
# Of pages, or files.
PARTS = [
    *(
        "figures",
        "needs",
        "recent-usage",
        "usage-now",
        "limits-now",
        "more-calls",
        "new-calls",
        "first-calls",
    ),
    *("price-estimate", "calls-csv", "lots-csv", "purchases-csv", "statement-csv", "usage-csv"),
    "statement-pdf",
]
# What one only comes to on a way that another test goes.
ELSEWHERE = ["/accounts/password/reset/key/done/", "/accounts/reauthenticate/"]

# What is wrong with a page, as a list. Names are found as a screen reader would find them.
WRONG = """
() => {
  const wrong = [], all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (element) => element.checkVisibility();
  const byId = (id) => document.getElementById(id)?.textContent;
  const text = (ids) => ids.split(" ").map(byId).join("");
  const name = (element) =>
    (element.getAttribute("aria-label") || text(element.getAttribute("aria-labelledby") || "")
      || [...(element.labels || [])].map((label) => label.textContent).join("")
      || element.textContent || element.title || element.value || "").trim();
  const show = (element) => element.outerHTML.slice(0, 120);
  const expect = (holds, what) => { if (!holds) wrong.push(what); };

  expect(document.documentElement.lang, "no language");
  expect(document.title.trim(), "no title");
  expect(all("h1").filter(shown).length === 1, `${all("h1").length} h1`);
  expect(all("main").length === 1, `${all("main").length} main`);
  expect(document.documentElement.scrollWidth <= innerWidth, "wider than the window");
  let level = 1;
  for (const heading of all("h1, h2, h3, h4").filter(shown)) {
    expect(+heading.tagName[1] <= level + 1, `a level is skipped: ${show(heading)}`);
    level = +heading.tagName[1];
  }
  for (const field of all("input:not([type=hidden]), select, textarea")) {
    const label = field.labels?.length || field.getAttribute("aria-label");
    expect(label, `no label: ${show(field)}`);
    const described = (field.getAttribute("aria-describedby") || "").split(" ").filter(Boolean);
    for (const id of described) expect(document.getElementById(id), `describes nothing: ${id}`);
  }
  for (const element of all("a, button")) expect(name(element), `no name: ${show(element)}`);
  for (const element of all("nav, section")) {
    const named = element.getAttribute("aria-label") || element.getAttribute("aria-labelledby");
    expect(named || element.tagName === "SECTION", `no name: ${show(element)}`);
  }
  for (const element of all("img")) expect(element.hasAttribute("alt"), `no alt: ${show(element)}`);
  for (const element of all("[style], script:not([src]), style")) {
    expect(element.closest("svg"), `inline: ${show(element)}`);
  }
  for (const element of all("[tabindex]")) {
    expect(element.tabIndex <= 0, `order of its own: ${show(element)}`);
  }
  const ids = all("[id]").map((element) => element.id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  expect(!twice.length, `twice: ${twice}`);
  for (const element of all("a, button, input:not([type=hidden]), select").filter(shown)) {
    const box = element.getBoundingClientRect();
    const reachable = box.width >= 1 && box.right <= innerWidth + 1 && box.left >= -1;
    const inside = element.closest(".tabs, .code, .sr-only, .skip") || element.matches(".skip");
    expect(reachable || inside, `beside the window: ${show(element)}`);
  }
  return wrong;
}
"""


LIGHT, DARK = ("light", ()), ("dark", axe.COLOURS)


def assert_good(visitor, path, schemes=(LIGHT, DARK)):
    visitor.go(path)
    assert_is_good(visitor, schemes)


def assert_is_good(visitor, schemes=(LIGHT, DARK)):
    """In both sizes, and both colour schemes, of which only the style sheet knows: in dark, what
    colours may break is looked for. It is left light, and at a desk."""
    wrong = []
    for scheme, rules in schemes:
        visitor.page.emulate_media(color_scheme=scheme)
        for size in (PHONE, DESK):
            visitor.page.set_viewport_size(size)
            found = visitor.page.evaluate(WRONG) + axe.serious(visitor.page, rules=rules)
            wrong += [f"{scheme}, {size['width']} pixels: {one}" for one in found]
    visitor.page.emulate_media(color_scheme="light")
    assert not wrong, "\n".join([visitor.path(), *wrong])


def test_the_check_finds_what_is_wrong(visitors):
    visitor = visitors()
    visitor.page.set_content("<h3>x</h3><input id=a><a id=a href=/></a><p style='width: 99rem'>y")
    found = " ".join(visitor.page.evaluate(WRONG))
    for what in (
        "title",
        "0 h1",
        "0 main",
        "level",
        "label",
        "no name",
        "twice",
        "inline",
        "wider",
    ):
        assert what in found


def test_axe_finds_what_is_wrong(visitors):
    """Behind the page's own policy, too, and in the colours that are shown."""
    visitor = visitors()
    visitor.go("/terms/")
    assert axe.serious(visitor.page) == []
    visitor.page.evaluate(
        """() => {
          const main = document.querySelector("main");
          main.append(document.createElement("img"), document.createElement("input"));
          for (const one of main.querySelectorAll("p")) one.style.color = "#ddd";
        }"""
    )
    found = "\n".join(axe.serious(visitor.page))
    for rule in ("color-contrast", "image-alt", "label"):
        assert f"{rule} (" in found
    assert "https://" in found
    visitor.page.emulate_media(color_scheme="dark")
    assert axe.serious(visitor.page, rules=axe.COLOURS) == []


def test_no_page_is_forgotten():
    """What an owner may look at, and whose address has no parameters, is looked at here."""
    shown = {
        reverse(name)
        for (name, method), row in TABLE.items()
        if method == "GET" and row["owner"] == "200" and not URLS[name]
    }
    assert shown - set(map(reverse, PARTS)) <= {*MEMBERS, *EVERYBODYS, *OPEN, *ELSEWHERE}


def test_whoever_is_not_signed_in(visitors):
    visitor = visitors()
    for path in EVERYBODYS:
        assert_good(visitor, path)


def test_members(visitors):
    owner = visitors(OWNER)
    for path in MEMBERS:
        assert_good(owner, path)


def test_a_company_that_has_nothing_yet(visitors):
    """Every page is there before there is anything to show on it, in colours looked at above."""
    newcomer = visitors()
    newcomer.sign_up("Nothing yet", "new@nothing.example")
    newcomer.confirm("new@nothing.example")
    for path in MEMBERS:
        if path.startswith("/portal/"):
            assert_good(newcomer, path, [LIGHT])


def test_the_page_of_a_fault(visitors):
    """Which asks nothing of anybody, as it is sent whatever has failed."""
    visitor = visitors()
    body = render_to_string("500.html")
    visitor.page.route("**/failing/", lambda route: route.fulfill(body=body, status=500))
    assert_good(visitor, "/failing/")
    visitor.sees("Something went wrong here")
    visitor.faults.clear()


def test_the_pages_of_a_purchase(visitors):
    owner = visitors(OWNER)
    owner.buy("Small")
    paying = owner.page.url
    assert_good(owner, owner.path())
    owner.page.get_by_role("link", name="Back without paying").click()
    owner.sees("Not paid")
    outcome = owner.path()
    assert_good(owner, outcome)
    assert_good(owner, outcome.removesuffix("checkout/"))
    owner.page.goto(paying)
    owner.pay()
    owner.sees("500 credits are yours")
    for path in ("", "checkout/", "refund/"):
        assert_good(owner, outcome.removesuffix("checkout/") + path)
    owner.page.goto(paying)
    assert_good(owner, owner.path())


def test_by_keyboard_the_content_is_one_key_away(visitors):
    owner = visitors(OWNER)
    owner.go("/portal/buy/")
    owner.page.keyboard.press("Tab")
    expect(owner.page.get_by_role("link", name="Skip to content")).to_be_focused()
    owner.page.keyboard.press("Enter")
    expect(owner.page.get_by_role("main")).to_be_focused()
    for _ in range(10):
        owner.page.keyboard.press("Tab")
        if owner.page.evaluate("document.activeElement.innerText").startswith("Buy"):
            break
    owner.page.keyboard.press("Enter")
    expect(owner.page.get_by_role("button", name="Pay $")).to_be_visible()


def test_the_menu_of_a_phone(visitors):
    owner = visitors(OWNER, viewport=PHONE)
    owner.go("/portal/")
    link = owner.page.get_by_role("link", name="Purchases")
    expect(link).to_be_hidden()
    owner.page.get_by_role("button", name="Menu").click()
    link.click()
    owner.sees("Purchases")


def test_a_change_is_told_to_who_listens(visitors):
    """The page that waits for a payment is a live region."""
    owner = visitors(OWNER)
    owner.buy("Small")
    owner.page.get_by_role("link", name="Back without paying").click()
    owner.sees("Not paid")
    expect(owner.page.locator("[aria-live=polite] h1")).to_be_visible()
