"""Staff look at a customer with a phone, too: no page is wider than it."""

from django.urls import reverse

from tests.browser.test_policies import come_in, links
from tests.browser.visitor import PHONE

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_no_page_about_a_customer_is_wider_than_a_phone(site, visitors):
    staff = visitors(viewport=PHONE)
    come_in(staff, site)
    for model in ("accounts_customer", "ledger_lot", "ledger_reservation", "billing_adjustment"):
        path = reverse(f"admin:{model}_changelist")
        staff.go(path)
        for page in ("", *links(staff, f"{path}[^/]+/change/")[:1]):
            staff.go(page or path)
            assert staff.page.evaluate(TOO_WIDE) == 0, (page or path, model)
