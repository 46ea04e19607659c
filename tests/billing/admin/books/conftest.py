"""Books with a few months of sales and use, and who looks after them. Months are told by how long
ago they were: 0 is the one that is not over."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connections

from accounts.models import User
from billing.books import cohorts, periods
from billing.books.rows import value
from ledger.amounts import CREDIT
from tests.factories.ledger import Book, Clock


def month_ago(many):
    month = periods.today().replace(day=1)
    for _ in range(many):
        month = (month - timedelta(days=1)).replace(day=1)
    return month


def on(day):
    """The ledger's clock shows that day."""
    shift_clock("shift + make_interval(days => %s)", [(day - Clock().now().date()).days])


def shift_clock(shift="'0'", parameters=()):
    """Outside of the test's transaction, of the owner, who alone may."""
    owner = connections["owner"]
    with owner.get_new_connection(owner.get_connection_params()) as connection:
        connection.execute(f"update ledger_clock set shift = {shift}", parameters)


def sold(months_ago, *, used=0, days=365, price=100_00, credits=1000, currency="USD"):
    """Credits for 100.00 that were bought on the 5th; so many are used on the 20th."""
    month = month_ago(months_ago)
    book = Book.new()
    on(month.replace(day=5))
    lot = book.grant(
        credits * CREDIT,
        kind="paid",
        price=price,
        currency=currency,
        cohort=f"{month:%Y-%m}/{currency}",
        expires_at=Clock().after(days * 86_400),
    )
    if used:
        on(month.replace(day=20))
        assert book.debit(used * CREDIT).ok
    shift_clock()
    return book, lot


def person(email, *codenames):
    user = User.objects.create_user(email, is_staff=True)
    found = Permission.objects.filter(codename__in=codenames)
    assert found.count() == len(codenames)
    user.user_permissions.set(found)
    return user


def told(answer):
    return [str(message) for message in answer.context["messages"]]


def posted(account):
    """What stands on it in all books, debits positive."""
    return value(
        "select coalesce(sum(amount), 0)::bigint from ledger_posting where account = %(account)s",
        {"account": account},
    )


@pytest.fixture(autouse=True)
def _clock(db):
    yield
    shift_clock()


@pytest.fixture
def last_month(db) -> date:
    return month_ago(1)


@pytest.fixture
def october(last_month):
    """A pack that was sold last month and partly used then."""
    return sold(1, used=300)


@pytest.fixture
def last_day(last_month) -> date:
    return cohorts.last_day(last_month)
