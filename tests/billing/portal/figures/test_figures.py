"""Every figure on a page is the one that the API says, and that the transfers come to."""

from collections.abc import Iterator
from typing import Final

import pytest
from django.db import connection
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import DjangoDbBlocker

from billing.models import Payment
from ledger import checks
from tests.accounts.conftest import Caller
from tests.accounts.people import browser_of
from tests.billing.portal.figures.history import History
from tests.billing.portal.figures.page import micro, texts
from tests.billing.portal.figures.pages import PAGES, Page
from tests.billing.portal.figures.told import Books, Told
from tests.factories.accounts import ServiceKeyFactory
from tests.factories.dated import undone

STEPS: Final = 150
# Of a list, this many are shown at once, or more.
FIRST_ROWS: Final = 20
PARTS: Final = ("remaining", "held", "frozen")


@pytest.fixture(params=range(3))
def history(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[History]:
    """In whose course the ledger's clock goes on."""
    with django_db_blocker.unblock(), undone():
        played = History(request.param)
        played.play(STEPS)
        yield played


@pytest.fixture
def service(history: History) -> Caller:
    return Caller(ServiceKeyFactory().secret)


def test_figures_are_those_of_the_api_and_the_books(history: History, service: Caller) -> None:
    assert set(history.done) == {act.__name__ for act in history._acts()}, history.done
    for company in history.companies:
        told, browser = Told(service, company.customer), browser_of(company.member)
        wrong = [
            (page.name, figure, shown, said)
            for page in filter(is_there, PAGES)
            for figure, shown, said in _compared(page, told, browser)
            if shown != said
        ]
        assert wrong == []
        assert_each_purchase_is_as_the_api_says(told, browser)
        assert_as_the_books(told)


def is_there(page: Page) -> bool:
    """Pages are made one after the other."""
    try:
        return bool(reverse(page.name))
    except NoReverseMatch:
        return False


def _compared(
    page: Page, told: Told, browser: Client
) -> Iterator[tuple[str, list[int], list[int]]]:
    """Each figure with what is shown and what the API says. A page may begin a longer list."""
    response = browser.get(reverse(page.name), page.query(told))
    assert response.status_code == 200, page.name
    found = texts(response.content.decode())
    for figure, says in page.figures.items():
        shown, said = list(map(micro, found.get(figure, []))), says(told)
        if page.sets:
            shown, said = (sorted(filter(None, each)) for each in (shown, said))
        elif len(shown) >= FIRST_ROWS:
            said = said[: len(shown)]
        yield figure, shown, said


def assert_each_purchase_is_as_the_api_says(told: Told, browser: Client) -> None:
    for payment in Payment.objects.filter(purchase__customer=told.customer):
        response = browser.get(reverse("purchase", args=[payment.purchase_id]))
        found = texts(response.content.decode())
        lots = told.lots_of(payment.lots)
        parts = {part: sum(micro(lot[part]) for lot in lots) for part in PARTS}
        free = parts["remaining"] - parts["held"] - parts["frozen"]
        assert list(map(micro, found["unused"])) == [free]
        frozen = [parts["frozen"]] if parts["frozen"] else []
        assert list(map(micro, found.get("frozen", []))) == frozen


def assert_as_the_books(told: Told) -> None:
    books, balance = Books(told.customer), told.balance
    assert balance["available"] + balance["held"] + balance["frozen"] == books.total()
    assert {id: micro(lot["remaining"]) for id, lot in told.lots.items()} == books.of_lots()
    (used,) = told.usage()
    assert micro(used["credits"]) == books.used()
    broken = [one for one in checks.run(connection, [told.customer.id]) if one.broken]
    assert broken == []
