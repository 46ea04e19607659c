"""The pages that the first addresses lead to."""

import re
from contextlib import closing

import pytest
from django.conf import settings
from django.test import Client


def addresses(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]*)"', page)


@pytest.mark.django_db
def test_the_start_page_leads_everywhere(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    found = addresses(response.content.decode())
    assert {"/docs/", "/problems/", "/admin/", "/readyz", "/metrics"} < set(found)
    for address in found:
        with closing(client.get(address, follow=True)) as page:
            # Whether this installation is ready is not asked here.
            assert page.status_code in (200, 503), address


def test_where_credits_are_bought_is_a_page(client: Client) -> None:
    response = client.get(settings.TOP_UP_URL)
    assert response.status_code == 200
    assert "ask the company" in response.content.decode()


@pytest.mark.parametrize("address", ["/", "/billing/top-up"])
def test_a_page_keeps_to_its_policy(client: Client, address: str) -> None:
    response = client.get(address)
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert not re.search(r"<script|<style| style=| on\w+=", response.content.decode())
