"""Twice at once, and with processes that end anywhere."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection, connections, transaction

from billing import partners
from billing.books import periods
from billing.models import PartnerTerm
from billing.partners import accruing, payouts
from ledger import checks
from ledger.amounts import CREDIT
from tests.billing.test_races import at_once
from tests.factories.dated import sold
from tests.factories.ledger import Book
from tests.factories.partners import booked, priced, shared

pytestmark = pytest.mark.usefixtures("committed")
FORGETTING = [
    *(f"delete from billing_partner{table}" for table in ("share", "accrual", "total", "payout")),
    "delete from billing_partnerterm",
    "delete from billing_partnerwatermark",
    "delete from ledger_transfer where kind ~ '^partner-'",
    "delete from billing_partner",
]


@pytest.fixture
def term(committed) -> Iterator[PartnerTerm]:
    price = priced()
    yield shared(price.endpoint, "50", on=periods.today())
    found = [one for one in checks.run(connection) if one.check.name.startswith("partner")]
    broken = [(one.check.name, one.rows) for one in found if one.broken]
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for sql in FORGETTING:
            cursor.execute(sql)
        cursor.execute(
            """
            update ledger_wallet w set version = coalesce((
                select max(version) from ledger_transfer t where t.customer_id = w.customer_id), 0)
            where customer_id = '00000000-0000-7000-8000-000000000000'
            """
        )
    assert broken == []


def used(term: PartnerTerm, credits: int) -> Book:
    book, price = Book.new(), term.endpoint.prices.get()
    sold(book, 1_000)
    for _ in range(credits):
        book.debit(CREDIT, price_id=price.id)
    return book


def test_accrued_by_many_at_once_it_is_accrued_once(term: PartnerTerm) -> None:
    for _ in range(3):
        used(term, 10)
    done = at_once(*[partners.accrue_all] * 6)
    assert sum(done) == 1
    assert booked(term.partner) == {"USD": 15}


def test_while_calls_are_made_nothing_is_missed(term: PartnerTerm) -> None:
    price = term.endpoint.prices.get()
    books = [Book.new() for _ in range(3)]
    for book in books:
        sold(book, 1_000)
    over = Event()

    def spend(book: Book) -> int:
        return sum(book.debit(CREDIT, price_id=price.id).ok for _ in range(40))

    def accrue() -> int:
        while not over.is_set():
            partners.accrue_all()
        return 0

    def work(job: Any) -> Any:
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        accruing_all = [pool.submit(work, accrue) for _ in range(2)]
        spent = list(pool.map(work, [lambda book=book: spend(book) for book in books]))
        over.set()
        for one in accruing_all:
            one.result()
    partners.accrue_all()
    assert sum(spent) == 120
    assert booked(term.partner) == {"USD": 60}


class Killed(BaseException):
    pass


@pytest.mark.parametrize("nth", [0, 1, 2])
def test_a_run_that_ends_anywhere_is_finished_by_the_next(
    term: PartnerTerm, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    """Before its entries are posted, or after those of the first customers."""
    for _ in range(3):
        used(term, 10)
    monkeypatch.setattr(accruing, "CUSTOMERS_AT_ONCE", 1)
    posted, post = [], accruing._post

    def dies(*args: Any) -> None:
        post(*args)
        posted.append(args)
        if len(posted) > nth:
            raise Killed

    monkeypatch.setattr(accruing, "_post", dies)
    with pytest.raises(Killed):
        partners.accrue_all()
    assert booked(term.partner) == ({"USD": 5 * nth} if nth else {})
    monkeypatch.setattr(accruing, "_post", post)
    partners.accrue_all()
    assert booked(term.partner) == {"USD": 15}


def test_a_payout_that_is_recorded_twice_at_once_is_one(term: PartnerTerm) -> None:
    used(term, 10)
    partners.accrue_all()
    asked = {"currency": "USD", "amount": 5, "paid_on": periods.today(), "reference": "SEPA 1"}
    done = at_once(*[lambda: partners.record_payout(term.partner, **asked).pk] * 5)
    assert len(set(done)) == 1
    assert [one.owed for one in partners.owed(term.partner)] == [0]


def test_two_payouts_at_once_are_not_more_than_is_owed(term: PartnerTerm) -> None:
    used(term, 10)
    partners.accrue_all()

    def pay(reference: str) -> Any:
        return partners.record_payout(
            term.partner, currency="USD", amount=4, paid_on=periods.today(), reference=reference
        )

    done = at_once(lambda: pay("SEPA 1"), lambda: pay("SEPA 2"))
    assert sorted(type(one).__name__ for one in done) == ["PartnerPayout", "PayoutTooLarge"]
    assert [one.owed for one in partners.owed(term.partner)] == [1]
    assert payouts.KIND == "partner-payout"
