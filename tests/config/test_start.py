"""The pages that the first addresses lead to."""

import re
from contextlib import closing

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse


def addresses(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]*)"', page)


@pytest.mark.django_db
def test_the_start_page_leads_everywhere(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    found = addresses(response.content.decode())
    assert {"/docs/", "/problems/", "/admin/", "/readyz", "/metrics"} < set(found)
    assert {"/accounts/signup/", "/accounts/login/", "/terms/"} < set(found)
    for address in found:
        with closing(client.get(address, follow=True)) as page:
            # Whether this installation is ready is not asked here.
            assert page.status_code in (200, 503), address


def test_a_refusal_for_want_of_credits_leads_to_the_packs() -> None:
    assert f"{settings.PUBLIC_URL}{reverse('buy')}" == settings.TOP_UP_URL


@pytest.mark.django_db
def test_browsers_that_ask_for_an_icon_get_one(client: Client) -> None:
    with closing(client.get("/favicon.ico", follow=True)) as icon:
        assert icon["Content-Type"] == "image/svg+xml"
