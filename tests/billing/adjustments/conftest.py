"""People who adjust, and customers whose books tie at the end of every test."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from accounts.models import Customer, User
from billing.adjustments import drafts, proposing
from billing.models import Adjustment, AdjustmentLimit, Policy
from ledger import checks
from ledger.amounts import CREDIT
from tests.factories.ledger import Book, Clock

DAY = 86_400.0


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    yield clock
    clock.reset()


@pytest.fixture
def policy() -> Iterator[Policy]:
    """To be changed and saved: it is as it was afterwards."""
    usual = Policy.current()
    yield Policy.current()
    usual.save()


def limit(role: str = "administrator", credits: int = 10_000, money: int = 1_000) -> None:
    """Whole credits, and whole units of the functional currency."""
    AdjustmentLimit.objects.update_or_create(
        role=role, defaults={"credits": credits * CREDIT, "money": Decimal(money)}
    )


@pytest.fixture
def books(committed: None) -> Iterator[list[UUID]]:
    """Customers, of whom every invariant of the ledger and of the books holds at the end."""
    limit()
    made: list[UUID] = []
    yield made
    broken = [one for one in checks.run(connection, made) if one.broken]
    assert broken == []


@pytest.fixture
def book(books: list[UUID]) -> Book:
    return new_book(books)


def new_book(books: list[UUID]) -> Book:
    book = Book.new()
    books.append(book.customer_id)
    return book


def person(name: str, role: str = "administrator") -> User:
    """Staff; an administrator is a superuser, too, who may ask and decide."""
    fields = {"is_staff": True, "staff_role": role, "is_superuser": role == "administrator"}
    return User.objects.get_or_create(email=f"{name}@staff.example", defaults=fields)[0]


@pytest.fixture
def ann(committed: None) -> User:
    return person("ann")


@pytest.fixture
def bob(committed: None) -> User:
    return person("bob")


def sold(book: Book, clock: Clock, days: float = 30, **fields: Any) -> UUID:
    """1,000 credits for USD 100.00, and their lot."""
    terms = {"price": 100_00, "currency": "USD", "expires_at": clock.after(days * DAY)}
    return book.grant(1000 * CREDIT, "paid", **(terms | fields))


REASON = {
    "add": "too-few-issued",
    "void": "issued-in-error",
    "forfeit": "terms-breached",
    "goodwill": "outage",
    "extend": "outage",
    "reinstate": "asked-in-time",
    "move": "merged",
    "reverse": "call-failed",
}


def draft(book: Book, kind: str, by: User, credits: int | None = None, **said: Any) -> Adjustment:
    """Of whole credits."""
    return drafts.draft(
        Customer.objects.get(id=book.customer_id),
        kind,
        reason=said.pop("reason", REASON.get(kind, "outage")),
        note=said.pop("note", "As agreed in ticket 17"),
        by=by,
        credits=None if credits is None else credits * CREDIT,
        **said,
    )


def propose(book: Book, kind: str, by: User, credits: int | None = None, **said: Any) -> Adjustment:
    return proposing.propose(draft(book, kind, by, credits, **said))
