"""Who has no mouse buys credits and makes a key: from signing in on, keys alone are pressed."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page, expect

OWNER = "owner@adventure-works.example"
# The longest way: through the navigation, to the end of a page.
MOST_STOPS = 60
# A field of a date has a stop for each of its parts, and one for its calendar.
PARTS_OF_A_DATE = 4

# What has the focus: whether one sees that, and where it is on the page.
STOP = """
() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const ring = (of) => of && getComputedStyle(of).outlineStyle !== "none"
    && parseFloat(getComputedStyle(of).outlineWidth) >= 2;
  return {
    what: element.outerHTML.slice(0, 100),
    isPage: element === document.body,
    isMarked: ring(element) || ring(element.closest(".choice")),
    isInSight: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    isInMain: !!element.closest("main"),
    top: box.top + scrollY, left: box.left,
  };
}
"""


@dataclass
class Hands:
    """On the keyboard. Every stop on the way has to be seen, and to come after the one before."""

    page: Page
    last: dict[str, Any] = field(default_factory=dict)
    times: int = 0

    def go_to(self, wanted: Locator) -> None:
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            self._assert_good_stop()
            if wanted.count() == 1 and wanted.evaluate("(one) => one === document.activeElement"):
                return
        raise AssertionError(f"not reached: {wanted}")

    def press(self, wanted: Locator) -> None:
        self.go_to(wanted)
        self.last = {}
        self.page.keyboard.press("Enter")

    def type_into(self, wanted: Locator, text: str) -> None:
        self.go_to(wanted)
        self.page.keyboard.type(text)

    def skip_to_content(self) -> None:
        self.press(self.page.get_by_role("link", name="Skip to content"))
        expect(self.page.get_by_role("main")).to_be_focused()

    def _assert_good_stop(self) -> None:
        stop = self.page.evaluate(STOP)
        if stop["isPage"]:
            # Behind the last one, the browser's own buttons come, and the page begins anew.
            self.last = {}
            return
        is_same = stop["what"] == self.last.get("what") and stop["top"] == self.last["top"]
        # Parts of a field have rings of the browser's own.
        assert stop["isMarked"] or is_same, f"not seen to have the focus: {stop['what']}"
        assert stop["isInSight"], f"has the focus beside the window: {stop['what']}"
        self.times = self.times + 1 if is_same else 0
        assert self.times <= PARTS_OF_A_DATE, f"not left any more: {stop['what']}"
        if stop["isInMain"] and self.last.get("isInMain"):
            is_further = stop["top"] >= self.last["top"] or stop["left"] > self.last["left"]
            assert is_further, f"{stop['what']} comes after {self.last['what']}"
        self.last = stop


def test_buying_and_making_a_key(site, visitors):
    visitor = visitors()
    page, hands = visitor.page, Hands(visitor.page)
    visitor.go("/accounts/login/")
    hands.type_into(page.get_by_label("E-mail"), OWNER)
    hands.type_into(page.get_by_label("Password"), site.password_of(OWNER))
    page.keyboard.press("Enter")
    visitor.sees("Overview")

    hands.press(page.get_by_role("navigation").get_by_role("link", name="Buy credits"))
    visitor.sees("Buy credits")
    hands.skip_to_content()
    hands.press(page.get_by_role("button", name="Buy Small for"))
    visitor.sees("Small")
    hands.press(page.get_by_role("button", name="Pay $"))
    visitor.sees("500 credits are yours")

    hands.press(page.get_by_role("navigation").get_by_role("link", name="Keys"))
    visitor.sees("Keys")
    hands.skip_to_content()
    hands.type_into(page.get_by_label("Name"), "typed")
    hands.press(page.get_by_role("button", name="Create key"))
    expect(page.locator("#new-key")).to_contain_text("ddk_")
    hands.skip_to_content()
    hands.press(page.get_by_role("button", name="Copy").first)
    expect(page.get_by_role("button", name="Copied")).to_be_focused()


def test_what_is_wrong_is_found(visitors):
    hands = Hands(visitors().page)
    for page, fault in {
        "<a href=/ style='outline: none'>x</a>": "not seen",
        "<a href=/ style='position: absolute; left: -200px; top: -200px'>x</a>": "beside",
        "<main><a href=/ id=a>x</a></main><script>a.onkeydown = (e) => {"
        " if (e.key === 'Tab') e.preventDefault() }</script>": "not left",
        "<main><a href=/ style='position: relative; top: 90px'>x</a><br><a href=/>y</a>": "after",
    }.items():
        hands.last = {}
        hands.page.set_content(f"<style>a:focus {{ outline: 2px solid }}</style>{page}")
        found = ""
        try:
            hands.go_to(hands.page.get_by_role("button"))
        except AssertionError as error:
            found = str(error)
        assert fault in found
