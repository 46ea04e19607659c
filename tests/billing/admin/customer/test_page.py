"""The page as a whole. What each part shows is in test_parts.py."""

import re

from django.urls import reverse

from ledger.amounts import CREDIT
from tests.ledger.api.conftest import operate


def test_every_link_of_the_page_leads_somewhere(staff, purchase, acme):
    operate("reserve", acme, amount=CREDIT)
    page = staff.get(reverse("admin:accounts_customer_change", args=[acme.pk])).content.decode()
    links = {link for link in re.findall(r'href="(/admin/[^"]*)"', page) if "logout" not in link}
    assert len(links) > 20
    for link in links:
        assert staff.get(link.replace("&amp;", "&")).status_code == 200, link
