import pytest
from django.test import Client

from accounts.models import Member
from tests.accounts.people import browser_of
from tests.factories.accounts import MemberFactory


@pytest.fixture
def member(db: None) -> Member:
    """An owner."""
    return MemberFactory()


@pytest.fixture
def browser(member: Member) -> Client:
    return browser_of(member)
