"""Over random histories, whenever it runs: what is accrued is the rule over all commits less
reversals, rounded once."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing import partners
from billing.books import revenue, tie_outs
from billing.books.rows import rows
from billing.models import Partner, PartnerTerm
from ledger import checks, wallets
from ledger.amounts import CREDIT
from ledger.errors import Refused
from ledger.models import Lot, Reservation, Transfer
from tests.factories.dated import Calendar, undone
from tests.factories.ledger import Book
from tests.factories.partners import booked, new_partner, priced

DAY = date(2004, 5, 1)


class History:
    """Two customers; two endpoints of a partner, under changing terms, and one that is ours."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.books = [Book.new(), Book.new()]
        self.prices = [priced(), priced(), priced()]
        self.partner = new_partner()
        self.holds: list[tuple[Book, Any]] = []
        self.calls: list[tuple[Book, Any]] = []
        wallets.set_credit_limit(self.books[0].customer_id, limit=300 * CREDIT)
        self.agree("percent", 33)
        self.agree("credits", 41)

    def do(self, step: str, which: int, amount: int, hours: int) -> None:
        self.calendar.forward(hours * 3_600)
        try:
            getattr(self, step)(self.books[which % 2], self.prices[which % 3].id, amount)
        except Refused as refused:
            assert refused.code in ("insufficient-credits", "period-closed"), refused

    def agree(self, kind: str, amount: int) -> None:
        endpoint = self.prices[0 if kind == "percent" else 1].endpoint
        share: dict[str, Any] = (
            {"percent": Decimal(amount % 100 + 1) - Decimal("0.2501")}
            if kind == "percent"
            else {"credits": amount % 50 * CREDIT // 3 + 1}
        )
        partners.agree(self.partner, endpoint, starts_on=self.today(), **share)

    def today(self) -> date:
        return self.calendar.now().date()

    def sale(self, book: Book, price: int, amount: int) -> None:
        money = amount * 7 % 997 + 1
        until = self.calendar.after((amount % 20 + 1) * 86_400)
        book.grant(amount * CREDIT, kind="paid", price=money, currency="USD", expires_at=until)

    def sale_in_yen(self, book: Book, price: int, amount: int) -> None:
        book.grant(amount * CREDIT, kind="paid", price=amount % 89 + 1, currency="JPY")

    def promotion(self, book: Book, price: int, amount: int) -> None:
        book.grant(amount * CREDIT // 7 + 1, kind="promo")

    def use(self, book: Book, price: int, amount: int) -> None:
        done = book.debit(amount * CREDIT // 11 + 1, price_id=price)
        if done.ok:
            self.calls.append((book, done))

    def hold(self, book: Book, price: int, amount: int) -> None:
        held = book.reserve(amount * CREDIT // 5, price_id=price, overrun="available")
        if held.ok:
            self.holds.append((book, held))

    def commit_part(self, book: Book, price: int, amount: int) -> None:
        if self.holds:
            owner, held = self.holds[amount % len(self.holds)]
            owner.commit(held, amount * CREDIT // 13 + 1, final=False)

    def commit(self, book: Book, price: int, amount: int) -> None:
        if self.holds:
            owner, held = self.holds.pop(amount % len(self.holds))
            owner.commit(held, amount * CREDIT // 6 + 1)
            self.calls.append((owner, held))

    def release(self, book: Book, price: int, amount: int) -> None:
        if self.holds:
            owner, held = self.holds.pop(amount % len(self.holds))
            owner.release(held)

    def give_back(self, book: Book, price: int, amount: int) -> None:
        if self.calls:
            owner, call = self.calls[amount % len(self.calls)]
            owner.reverse(call, amount * CREDIT // 17 + 1)

    def give_all_back(self, book: Book, price: int, amount: int) -> None:
        if self.calls:
            owner, call = self.calls.pop(amount % len(self.calls))
            owner.reverse(call)

    def refresh(self, book: Book, price: int, amount: int) -> None:
        book.refresh()

    def change(self, book: Book, price: int, amount: int) -> None:
        kind = ("percent", "credits")[amount % 2]
        endpoint = self.prices[amount % 2].endpoint
        for term in PartnerTerm.objects.filter(endpoint=endpoint, ends_at=None):
            partners.end(term, self.today())
        self.calendar.forward(1)
        self.agree(kind, amount)

    def accrue(self, book: Book, price: int, amount: int) -> None:
        partners.accrue([book.customer_id])

    def recognise(self, book: Book, price: int, amount: int) -> None:
        revenue.recognise_all()


def by_rule(partner: Partner) -> dict[str, int]:
    """From the journal alone: each call is a pile of the credits that it took, a reversal takes
    from its top, and the partner has so many from its bottom, or per cent of all of it."""
    worth: defaultdict[str, Fraction] = defaultdict(Fraction)
    lots = {lot.id: lot for lot in Lot.objects.filter(price__gt=0)}
    terms = list(PartnerTerm.objects.filter(partner=partner))
    endpoints = dict(rows("select id, endpoint_id from ledger_price"))
    lines = {book: line_of(book) for book in {lot.customer_id for lot in Lot.objects.all()}}
    for call in Reservation.objects.exclude(price_id=None):
        term = next(
            (
                one
                for one in terms
                if one.endpoint_id == endpoints.get(call.price_id)
                and one.starts_at <= call.created_at
                and (one.ends_at is None or call.created_at < one.ends_at)
            ),
            None,
        )
        if term is None:
            continue
        left = term.credits
        for lot_id, amount in covered(call, lines):
            taken = amount if left is None else min(left, amount)
            left = None if left is None else left - taken
            if lot_id in lots:
                lot = lots[lot_id]
                share = Fraction(term.percent or 100) / 100
                worth[lot.currency] += Fraction(lot.price * taken, lot.units) * share
    rounded = {currency: half_even(amount) for currency, amount in worth.items()}
    return {currency: amount for currency, amount in rounded.items() if amount}


def line_of(customer_id: Any) -> dict[Any, list[Any]]:
    """What was used on credit, call by call in the order of use, and which lots cover it: each
    micro-credit is covered by the first that came and was not uncovered."""
    moved = list(Transfer.objects.filter(customer_id=customer_id, unit="CR").order_by("version"))
    owed: dict[Any, int] = {}
    paid: dict[Any, int] = {}
    for one in moved:
        amount = one.amount if one.credit == "U30" else -one.amount
        if one.lot_id is None and one.kind in ("commit", "reverse"):
            owed[one.reservation_id] = owed.get(one.reservation_id, 0) + amount
        elif one.lot_id is not None and one.kind in ("cover", "uncover"):
            paid[one.lot_id] = paid.get(one.lot_id, 0) + amount
    lots = [[lot, amount] for lot, amount in paid.items()]
    found: dict[Any, list[Any]] = {}
    for call, amount in owed.items():
        found[call] = []
        while amount and lots:
            taken = min(amount, lots[0][1])
            found[call].append([lots[0][0], taken])
            lots[0][1] -= taken
            amount -= taken
            if not lots[0][1]:
                lots.pop(0)
        found[call].append([None, amount])
    return found


def covered(call: Reservation, lines: dict[Any, Any]) -> list[list[Any]]:
    """The pile, with the lots that cover what was used on credit."""
    found: list[list[Any]] = []
    for lot_id, amount in pile(call):
        beside = [[lot_id, amount]]
        if lot_id is None:
            beside = lines[call.customer_id].get(call.id, [])
            assert sum(part for _, part in beside) == amount
        found += beside
    return found


def pile(call: Reservation) -> list[list[Any]]:
    found: list[list[Any]] = []
    moved = Transfer.objects.filter(customer_id=call.customer_id, reservation_id=call.id)
    for one in sorted(moved, key=lambda one: (one.version, order(call, one), one.id)):
        if one.kind == "commit":
            found.append([one.lot_id, one.amount])
        elif one.kind == "reverse":
            take(found, one.lot_id, one.amount)
    return [part for part in found if part[1]]


def order(call: Reservation, one: Transfer) -> int:
    """Credits come back from the last lot first."""
    at = call.lots.index(one.lot_id)
    return -at if one.kind == "reverse" else at


def take(found: list[list[Any]], lot_id: Any, amount: int) -> None:
    for part in reversed(found):
        if part[0] == lot_id:
            taken = min(part[1], amount)
            part[1] -= taken
            amount -= taken
    assert amount == 0


def half_even(amount: Fraction) -> int:
    whole, rest = floor(amount), amount - floor(amount)
    return whole + (rest > Fraction(1, 2) or rest == Fraction(1, 2) and whole % 2 == 1)


STEPS = [
    *("sale", "sale_in_yen", "promotion", "use", "use", "use", "hold", "hold", "commit_part"),
    *("commit", "commit", "release", "give_back", "give_back", "give_all_back", "refresh"),
    *("change", "accrue", "accrue", "recognise"),
]
histories = st.lists(
    st.tuples(
        st.sampled_from(STEPS),
        st.integers(0, 5),
        st.integers(1, 400),
        st.sampled_from([0, 0, 1, 30, 200]),
    ),
    min_size=5,
    max_size=40,
)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=list(HealthCheck),
    phases=set(Phase) - {Phase.shrink},
)
@given(steps=histories)
def test_what_is_accrued_is_the_rule_over_history(
    django_db_setup, django_db_blocker, steps: list[Any]
) -> None:
    with django_db_blocker.unblock(), undone() as calendar:
        calendar.go(DAY)
        history = History(calendar)
        history.do("sale", 0, 350, 0)
        history.do("sale_in_yen", 1, 350, 0)
        for step in steps:
            history.do(*step)
        partners.accrue_all()
        assert partners.accrue_all() == 0
        owed = {one.currency: one.accrued for one in partners.owed(history.partner)}
        rule = by_rule(history.partner)
        assert {currency: amount for currency, amount in owed.items() if amount} == rule
        assert booked(history.partner) == rule
        found = [one for one in checks.run(connection) if one.check.name.startswith("partner")]
        assert len(found) == 3
        assert [(one.check.name, one.rows) for one in found if one.broken] == []
        today = history.today()
        ties = tie_outs.run(DAY, today + timedelta(days=1))
        assert [one.check.name for one in ties if one.broken and "partner" in one.check.name] == []
