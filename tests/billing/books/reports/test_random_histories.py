"""Whatever happened: the roll-forward closes at what the lots are worth, everything ties, and every
journal sums to zero."""

from contextlib import suppress
from datetime import date, timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.books import exports, revenue
from billing.books.exports.journal import journals
from billing.books.reports import roll_forward
from billing.books.rows import value
from ledger import services
from ledger.amounts import CREDIT
from ledger.errors import Refused
from tests.billing.books.reports.test_roll_forward import broken
from tests.factories.dated import Calendar
from tests.factories.ledger import Book

FIRST = date(2002, 1, 2)
MONTHS = [date(2002, month, 1) for month in range(1, 7)]
CAUSES = ("refund", "dispute", "escheat", "forfeit")
_WORTH = """
select coalesce(sum(ledger_carrying(price, units, remaining)), 0)::bigint from ledger_lot_state
where customer_id = any(%(customers)s) and currency = %(currency)s
"""

sales = st.tuples(
    st.just("sell"),
    st.integers(1, 50),  # credits
    st.integers(1, 2_000),  # minor units
    st.sampled_from(["USD", "KWD"]),
    st.none() | st.integers(1, 60),  # days until it expires
)
steps = st.tuples(
    st.integers(0, 12),  # days that pass
    st.integers(0, 1),  # whose
    st.one_of(
        sales,
        st.tuples(st.just("use"), st.integers(1, 20)),
        st.tuples(st.just("reverse"), st.integers(1, 10)),
        st.tuples(st.just("hold"), st.integers(1, 10)),
        st.tuples(st.just("take"), st.integers(1, 20), st.sampled_from(CAUSES)),
        st.tuples(st.just("reinstate"), st.integers(1, 10)),
        st.tuples(st.just("attach"), st.integers(1, 10)),
        st.tuples(st.just("move"), st.integers(1, 20)),
        st.tuples(st.just("give"), st.integers(1, 10)),
        st.tuples(st.just("recognise")),
    ),
)


class History:
    def __init__(self, calendar: Calendar) -> None:
        self.calendar, self.day = calendar, FIRST
        self.books = [Book.new(), Book.new()]
        calendar.go(self.day)
        first, second = self.books
        self.sell(first, 30, 19_99, "USD", None)
        self.sell(second, 30, 12_345, "KWD", 45)

    def take(self, days, who, step):
        self.day += timedelta(days=days)
        self.calendar.go(self.day)
        name, *values = step
        with suppress(Refused):
            getattr(self, name)(self.books[who], *values)

    def sell(self, book, credits, price, currency, days):
        until = self.calendar.after(days * 86400) if days else None
        book.grant(credits * CREDIT, "paid", price=price, currency=currency, expires_at=until)

    def give(self, book, credits):
        book.grant(credits * CREDIT)

    def use(self, book, credits):
        book.debit(credits * CREDIT // 3)

    def hold(self, book, credits):
        book.reserve(credits * CREDIT, expires_in=86400)

    def reverse(self, book, credits):
        """On the day of the use: what comes back after its expiry does not tie yet."""
        used = book.debit(credits * CREDIT)
        if used.ok:
            book.reverse(used, credits * CREDIT * 3 // 7)

    def take_away(self, book, credits, cause):
        services.adjust(book.customer_id, amount=credits * CREDIT, cause=cause)

    def reinstate(self, book, credits):
        for lot in book.lots():
            with suppress(Refused):
                services.reinstate(
                    book.customer_id,
                    amount=credits * CREDIT,
                    lot_id=lot,
                    expires_at=self.calendar.after(20 * 86400),
                )

    def attach(self, book, credits):
        for lot in book.lots():
            with suppress(Refused):
                services.attach(book.customer_id, amount=credits * CREDIT, lot_id=lot)

    def move(self, book, credits):
        other = next(one for one in self.books if one is not book)
        services.move(book.customer_id, other.customer_id, amount=credits * CREDIT)

    def recognise(self, book):
        services.recognise([book.customer_id])

    def end(self):
        for book in self.books:
            book.refresh()
        revenue.recognise_all()

    def worth(self, currency):
        customers = [book.customer_id for book in self.books]
        return value(_WORTH, {"customers": customers, "currency": currency})


def exported(month):
    return [
        (file.name, b"".join(file.lines))
        for currency in exports.currencies(month)
        for file in exports.files(month, "xero", currency)
    ]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(taken=st.lists(steps, min_size=5, max_size=25))
def test_the_books_of_any_history_tie(calendar, taken):
    revenue.recognise_all()
    with transaction.atomic():
        history = History(calendar)
        for days, who, (name, *values) in taken:
            history.take(days, who, ("take_away" if name == "take" else name, *values))
        history.end()
        for currency in ("USD", "KWD"):
            assert roll_forward.lines(MONTHS[-1].replace(month=12), currency)[-1].deferred == (
                history.worth(currency)
            )
        before = {"USD": 0, "KWD": 0}
        for month in MONTHS:
            assert broken(month) == set()
            for currency in before:
                lines = roll_forward.lines(month, currency)
                assert lines[0].net == before[currency]
                before[currency] = lines[-1].net
            assert all(sum(line.amount for line in one.lines) == 0 for one in journals(month))
            assert exported(month) == exported(month)
        transaction.set_rollback(True)
