"""No page has anything that its own policy forbids: a browser would say so in its console.

Whatever a visitor's console says fails the test; what members see is looked at elsewhere.
"""

import re

from tests.browser.visitor import Site, Visitor

OPEN = [
    "/",
    "/docs/",
    "/problems/",
    "/problems/insufficient-credits",
    "/terms/",
    "/favicon.ico",
    "/accounts/inactive/",
    "/accounts/confirm-email/unknown/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/0-unknown/",
]


def test_pages_for_all(visitors):
    anybody = visitors()
    for path in OPEN:
        anybody.go(path)
    assert anybody.page.evaluate("fetch('/favicon.ico').then((answer) => answer.status)") == 200


def test_a_policy_that_is_broken_is_a_fault(visitors):
    """Else the other tests would tell nothing."""
    anybody = visitors()
    anybody.go("/terms/")
    anybody.page.evaluate("document.body.setAttribute('style', 'color: red')")
    anybody.page.evaluate("document.body.innerHTML += '<img src=data:,x>'")
    assert any("Content Security Policy" in fault for fault in anybody.faults)
    anybody.faults.clear()


def test_staffs_pages(site: Site, visitors):
    staff = visitors()
    come_in(staff, site)
    lists = links(staff, r"/admin/\w+/\w+/")
    assert len(lists) > 10
    for path in lists:
        staff.go(path)
        for found in ("add/", "[^/]+/change/"):
            for one in links(staff, re.escape(path) + found)[:1]:
                staff.go(one)
                staff.go(path)


def come_in(staff: Visitor, site: Site) -> None:
    staff.go("/admin/")
    staff.page.get_by_label("E-mail").fill(site.demo["admin"]["email"])
    staff.page.get_by_label("Password").fill(site.demo["admin"]["password"])
    staff.page.get_by_role("button", name="Sign in").click()
    staff.sees("Staff")


def links(staff: Visitor, like: str) -> list[str]:
    found = staff.page.evaluate("[...document.links].map((link) => link.pathname)")
    return sorted({path for path in found if re.fullmatch(like, path)})
