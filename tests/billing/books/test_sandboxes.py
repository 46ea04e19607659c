"""Promise of a sandbox: whatever is done there, no report says another byte."""

from datetime import date, timedelta

import pytest

from accounts.errors import NotInASandbox, SandboxOnly
from accounts.models import Customer
from billing.books import close_pack, lots, periods, tie_outs
from billing.books.reports import REPORTS
from billing.models import Period
from ledger import sandboxes, services, wallets
from ledger.amounts import CREDIT
from ledger.services import Leg
from tests.billing.books.reports.example import NOVEMBER, OCTOBER, month
from tests.factories.dated import sold
from tests.factories.ledger import Book, new_customer

MONTHS = (OCTOBER, NOVEMBER)


@pytest.fixture
def closed(calendar):
    month(calendar)
    book = Book.funded(70 * CREDIT)
    book.debit(20 * CREDIT)
    for first in MONTHS:
        Period.objects.create(month=first, state="closed", closed_at=calendar.at(date(2003, 12, 3)))
    return book


def everything():
    """All bytes of the months' packs, and what else asks the books."""
    packs = [b"".join(close_pack.stream(first)) for first in MONTHS]
    tables = [report.report(first) for report in REPORTS.values() for first in MONTHS]
    tied = [list(tie_outs.run(first, date(2003, 12, 31))) for first in MONTHS]
    return packs, tables, tied, periods.first_unclosed(date(2010, 1, 1))


def do_everything(sandbox):
    """Each operation of the core that there is for test credits."""
    book = Book(sandbox.id)
    sandboxes.refill(sandbox, 1000 * CREDIT)
    book.grant(50 * CREDIT, "goodwill", expires_at=sandboxes.clock(sandbox) + timedelta(days=3))
    lot = book.grant(40 * CREDIT, "adjustment")
    used = book.debit(30 * CREDIT)
    book.reverse(used, 10 * CREDIT)
    book.commit(book.reserve(20 * CREDIT), 5 * CREDIT)
    book.release(book.reserve(20 * CREDIT))
    hold = book.reserve(7 * CREDIT)
    book.extend(hold, 1800)
    services.adjust(sandbox.id, amount=15 * CREDIT, cause="void", lot_id=lot)
    services.adjust(sandbox.id, amount=15 * CREDIT, cause="forfeit", lot_id=lot)
    wallets.set_credit_limit(sandbox.id, limit=5 * CREDIT)
    sandboxes.move_clock(sandbox, timedelta(days=10))
    expired = next(iter(book.lots()))
    assert expired
    lots.goodwill(sandbox.id, 5 * CREDIT, reason="A try")
    book.debit(1 * CREDIT)
    services.recognise([sandbox.id])
    return book


def test_whatever_is_done_in_a_sandbox_every_report_is_the_same_bytes(closed):
    before = everything()
    sandbox = sandboxes.opened(Customer.objects.get(id=closed.customer_id))
    book = do_everything(sandbox)
    kinds = {kind for kind, *_ in book.transfers()}
    assert {"grant", "commit", "reverse", "void", "forfeit", "expire"} <= kinds
    assert everything() == before


def test_the_same_with_real_credits_would_change_them(closed):
    """So the comparison sees what it is for."""
    before = everything()
    Book(closed.customer_id).grant(50 * CREDIT, "goodwill")
    assert everything() != before


def test_a_month_with_test_credits_only_is_not_waited_for(calendar):
    calendar.go(date(2001, 5, 10))
    sandbox = sandboxes.opened(Customer.objects.get(id=new_customer()))
    sandboxes.refill(sandbox)
    calendar.go(date(2001, 8, 1))
    sold(Book.new(), 10_00)
    assert periods.first_unclosed(date(2001, 12, 1)) == date(2001, 8, 1)


@pytest.fixture
def sandbox(calendar):
    calendar.go(date(2001, 5, 10))
    sandbox = sandboxes.opened(Customer.objects.get(id=new_customer()))
    sandboxes.refill(sandbox, 100 * CREDIT)
    return sandbox


@pytest.mark.parametrize(
    "paid",
    [
        {"kind": "paid", "price": 100, "currency": "USD"},
        {"kind": "bonus"},
        {"kind": "promo", "money": [Leg("1000", "2100", 5, "USD")]},
    ],
)
def test_nothing_that_is_paid_for_comes_in(sandbox, paid):
    before = Book(sandbox.id).transfers()
    with pytest.raises(NotInASandbox):
        services.grant(sandbox.id, amount=CREDIT, **paid)
    assert Book(sandbox.id).transfers() == before


def test_credits_neither_leave_it_nor_come_in(sandbox):
    real = Book.funded(100 * CREDIT)
    for one, other in ((sandbox.id, real.customer_id), (real.customer_id, sandbox.id)):
        with pytest.raises(NotInASandbox):
            services.move(one, other, amount=CREDIT)
    assert sum(real.lots().values()) == sum(Book(sandbox.id).lots().values()) == 100 * CREDIT


def test_its_clock_goes_forwards_and_what_is_due_expires(sandbox):
    book = Book(sandbox.id)
    lot = book.grant(7 * CREDIT, expires_at=sandboxes.clock(sandbox) + timedelta(days=2))
    real = Book.funded(9 * CREDIT, expires_at=sandboxes.clock(sandbox) + timedelta(days=2))
    before = sandboxes.clock(sandbox)
    now = sandboxes.move_clock(sandbox, timedelta(days=3))
    assert timedelta(days=3) <= now - before < timedelta(days=3, minutes=1)
    assert book.lots()[lot] == 0
    assert sum(real.lots().values()) == 9 * CREDIT


def test_a_year_is_the_furthest(sandbox):
    sandboxes.move_clock(sandbox, timedelta(days=200))
    with pytest.raises(SandboxOnly):
        sandboxes.move_clock(sandbox, timedelta(days=200))
    Book(sandbox.id).debit(CREDIT)


def test_no_real_wallet_is_refilled_or_moved(calendar):
    customer = Customer.objects.get(id=new_customer())
    with pytest.raises(SandboxOnly):
        sandboxes.refill(customer)
    with pytest.raises(SandboxOnly):
        sandboxes.move_clock(customer, timedelta(days=1))


def test_there_is_one_and_it_follows_its_customer(sandbox):
    parent = sandbox.sandbox_of
    assert sandboxes.opened(parent).id == sandboxes.opened(sandbox).id == sandbox.id
    assert sandbox.status == "active"
