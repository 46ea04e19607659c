"""The page that shows the document needs nobody else's server, and no script of its own."""

import re
from contextlib import closing

import pytest
from django.test import Client

PAGE = "/docs/"


@pytest.fixture
def page(db):
    return Client().get(PAGE)


def test_it_loads_nothing_from_elsewhere(page):
    addresses = re.findall(r'(?:src|href|data-document)="([^"]*)"', page.content.decode())
    assert len(addresses) == 5
    assert all(re.match("/(static|v1)/", address) for address in addresses)


def test_all_that_it_loads_is_there(page):
    for address in re.findall(r'(?:src|href)="([^"]*)"', page.content.decode()):
        with closing(Client().get(address)) as loaded:
            assert loaded.status_code == 200


def test_its_policy_lets_nothing_else_run(page):
    policy = page["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?! src=)|<style| style=| on\w+=", page.content.decode())
