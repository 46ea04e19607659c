"""The functional-currency view: E19 of the accounting rules."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from moneyed import get_currency

from accounts.models import HOUSE_ID
from billing.books import functional, periods, revenue
from billing.books.errors import RateMissing
from billing.models import ExchangeRate, Policy
from ledger import services
from ledger.amounts import CREDIT
from ledger.models import Lot
from ledger.services import Leg
from tests.accounts.conftest import committed
from tests.factories.billing import bought, dispute_fact, money, new_pack, refund_fact, say
from tests.factories.ledger import Book, Clock

__all__ = ["committed"]

DAY = 24 * 60 * 60
# With what other tests left, whose clock was ahead.
EVER = date(2100, 1, 1)
NORMAL_CREDIT = ("2100", "2190", "2200", "2300", "2400", "2500", "4100", "4110", "4200", "4400")


@pytest.fixture
def rates(db):
    give_rates()


def give_rates():
    """To what other tests left."""
    Policy.current()
    with connection.cursor() as cursor:
        cursor.execute("select distinct unit from ledger_posting where unit not in ('CR', 'USD')")
        units = [unit for (unit,) in cursor.fetchall()]
    for unit in units:
        rate(unit, "1", date(2000, 1, 1))


def rate(currency, value, day):
    ExchangeRate.objects.update_or_create(
        currency=currency, to="USD", day=day, defaults={"rate": Decimal(value)}
    )


def today():
    return periods.today()


def day(ago):
    return today() - timedelta(days=ago)


class Change:
    """What was entered since, in USD cents, each in its account's normal direction."""

    def __init__(self):
        self.before = functional.balances(EVER)

    def now(self):
        after = functional.balances(EVER)
        changed = {
            code: after.get(code, 0) - self.before.get(code, 0) for code in {*after, *self.before}
        }
        return {code: amount for code, amount in changed.items() if amount}


@pytest.fixture
def clock(committed):
    clock = Clock()
    give_rates()
    # What tests of before have used is not of this one.
    revenue.recognise_all()
    yield clock
    clock.reset()
    ExchangeRate.objects.all().delete()


@pytest.fixture
def euros(clock):
    """100.00 EUR sold at 1.10; then it is the next day, and 1.20."""
    rate("EUR", "1.10", today())
    rate("EUR", "1.20", day(-1))
    change = Change()
    payment = bought(currency="EUR")
    clock.forward(DAY)
    return change, payment


def test_use_is_worth_what_it_was_worth_when_it_was_sold(euros):
    """40.00 EUR are USD 44.00, whatever today's rate is."""
    change, payment = euros
    assert change.now() == {"1000": 110_00, "2100": 110_00}
    Book(payment.purchase.customer_id).debit(400 * CREDIT)
    revenue.recognise_all()
    assert change.now() == {"1000": 110_00, "2100": 66_00, "4100": 44_00}


def test_a_refund_at_another_rate_is_a_gain_or_a_loss(euros):
    """60.00 EUR at 1.20: cash 72.00, liability 66.00, loss 6.00."""
    change, payment = euros
    Book(payment.purchase.customer_id).debit(400 * CREDIT)
    revenue.recognise_all()
    say(refund_fact(payment, "one", 60_00))
    assert change.now() == {"1000": 110_00 - 72_00, "4100": 44_00, "7000": 6_00}


def test_what_is_moved_keeps_its_rate(euros, clock):
    """E16, after which the receiver uses it: 25.00 EUR are 27.50."""
    change, payment = euros
    other = Book.new()
    services.move(payment.purchase.customer_id, other.customer_id, amount=250 * CREDIT)
    assert change.now() == {"1000": 110_00, "2100": 110_00}
    (lot,) = Lot.objects.filter(customer_id=other.customer_id)
    assert (lot.currency, lot.price) == ("EUR", 25_00)
    clock.forward(DAY)
    other.debit(250 * CREDIT)
    revenue.recognise_all()
    assert change.now() == {"1000": 110_00, "2100": 82_50, "4100": 27_50}


def test_nothing_goes_back_in_another_currency(db):
    payment = bought(currency="EUR")
    for fact in (refund_fact(payment, "one", 60_00), dispute_fact(payment, "open", 60_00)):
        told = say(fact._replace(currency="USD"))
        assert (told.state, told.code) == ("refused", "currency-mismatch")
    assert money(payment.purchase.customer_id, "EUR") == {"1000": 100_00, "2100": -100_00}


def test_the_past_stays_as_it_was(euros):
    change, payment = euros
    yesterday = functional.balances(day(1))
    rate("EUR", "9", today())
    Book(payment.purchase.customer_id).debit(400 * CREDIT)
    revenue.recognise_all()
    assert functional.balances(day(1)) == yesterday


def lot_of(payment):
    return Lot.objects.filter(customer_id=payment.purchase.customer_id).first()


def test_an_expense_is_of_its_day_and_breakage_of_its_cohort(rates):
    """The house's entry for a cohort sold at 1.10, dated when the rate was 1.30."""
    rate("EUR", "1.10", day(0))
    payment = bought(currency="EUR", family="functional")
    cohort = lot_of(payment).cohort
    change = Change()
    rate("EUR", "1.30", day(0))
    rate("EUR", "1.10", day(3))
    services.post(
        payment.purchase.customer_id,
        kind="fee",
        money=[Leg("6100", "1000", 10_00, "EUR")],
        posted_on=day(2),
    )
    assert change.now()["6100"] == 11_00
    services.post(HOUSE_ID, kind="x", money=[Leg("2110", "4200", 1_00, "EUR", cohort=cohort)])
    assert (change.now()["2110"], change.now()["4200"]) == (1_30, 1_30)


def test_a_cohort_has_the_mean_rate_of_what_was_sold_of_it(clock):
    """100.00 EUR at 1.10 and, a day later, 300.00 EUR at 1.20: that is 1.175; at first, 1.10."""
    family = new_pack(currency="EUR").code[:30]
    rate("EUR", "1.10", today())
    rate("EUR", "1.20", day(-1))
    first = bought(currency="EUR", family=family)
    cohort = lot_of(first).cohort
    leg = Leg("2110", "4200", 10_00, "EUR", cohort=cohort)
    change = Change()
    services.post(HOUSE_ID, kind="breakage", money=[leg])
    assert change.now() == {"2110": 11_00, "4200": 11_00}
    clock.forward(DAY)
    lot = lot_of(bought(currency="EUR", price="300.00", family=family))
    if lot.cohort != cohort:
        pytest.skip("It is the last day of a month.")
    services.post(HOUSE_ID, kind="breakage", money=[leg])
    assert change.now()["4200"] == 11_00 + 11_75


def test_a_rate_that_is_missing_is_named(rates):
    ExchangeRate.objects.all().delete()
    rate("SEK", "0.10", day(5))
    services.post(
        HOUSE_ID, kind="fee", money=[Leg("6100", "1000", 1, "SEK")], posted_on=date(1999, 12, 31)
    )
    with pytest.raises(RateMissing) as missing:
        functional.balances(date(2000, 1, 1))
    assert missing.value.detail == "There is no rate from SEK to USD of 1999-12-31 or before."


@pytest.mark.parametrize(
    ("currency", "amount", "value", "cents"),
    [("JPY", 1000, "0.0065", 6_50), ("KWD", 1500, "3.25", 4_88), ("USD", 123, None, 1_23)],
)
def test_currencies_have_more_or_fewer_decimal_places(rates, currency, amount, value, cents):
    """1,000 yen are 6.50; 1.500 dinars are 4.875."""
    if value:
        rate(currency, value, today())
    change = Change()
    services.post(HOUSE_ID, kind="fee", money=[Leg("6100", "1000", amount, currency)])
    assert change.now() == {"6100": cents, "1000": -cents}


ACCOUNTS = ("1000", "1100", "1200", "2100", "2110", "2200", "2300", "2400", "4100", "4200")
OTHERS = ("4300", "4310", "4400", "6100", "6200", "6300")
values = st.decimals("0.0001", "200", places=4)
legs = st.tuples(
    st.sampled_from(ACCOUNTS + OTHERS),
    st.sampled_from(ACCOUNTS + OTHERS),
    st.integers(1, 10**9),
    st.sampled_from(["EUR", "JPY", "KWD", "USD"]),
    st.sampled_from(["lot", "cohort", "none"]),
).filter(lambda leg: leg[0] != leg[1])
entries = st.lists(st.tuples(st.integers(0, 9), st.lists(legs, min_size=1, max_size=4)), max_size=6)
histories = st.dictionaries(
    st.tuples(st.sampled_from(["EUR", "JPY", "KWD"]), st.integers(0, 9)), values, max_size=12
)


@pytest.fixture
def lots(rates):
    """Of each currency, sold today for all examples, each of which is undone."""
    return {currency: lot_of(bought(currency=currency)) for currency in FOREIGN}


@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(entries, histories, st.tuples(values, values, values))
def test_whatever_is_entered_it_sums_to_zero_and_is_what_each_entry_is_worth(
    lots, entered, known, first
):
    with transaction.atomic():
        for currency, value in zip(("EUR", "JPY", "KWD"), first, strict=True):
            rate(currency, value, day(30))
        for (currency, ago), value in known.items():
            rate(currency, value, day(ago))
        change = Change()
        for number, (ago, said) in enumerate(entered):
            enter(lots, ago, said, str(number))
        found = functional.balances(EVER)
        signed = {code: -n if code in NORMAL_CREDIT else n for code, n in found.items()}
        assert sum(signed.values()) == 0
        assert change.now() == expected(lots, entered)
        transaction.set_rollback(True)


FOREIGN = ("EUR", "JPY", "KWD", "USD")


def enter(lots, ago, said, key):
    """A lot's legs are in its customer's book: each customer has a transaction of its own."""
    for currency in FOREIGN:
        lot = lots[currency]
        own = [leg(lot, one) for one in said if one[3] == currency]
        if own:
            services.post(lot.customer_id, kind="x", money=own, posted_on=day(ago))


def leg(lot, one):
    debit, credit, amount, currency, of = one
    return Leg(
        *(debit, credit, amount, currency),
        lot=lot.id if of == "lot" else None,
        cohort=lot.cohort if of == "cohort" else None,
    )


def expected(lots, entered):
    """Reckoned leg by leg. The lots are sold today, so that cohorts sold today have no mean before:
    then the rate of the day holds."""
    total = defaultdict(int)
    for ago, said in entered:
        for currency in FOREIGN:
            sums = defaultdict(Decimal)
            for debit, credit, amount, unit, of in said:
                if unit == currency:
                    for account, signed in ((debit, amount), (credit, -amount)):
                        sums[account] += signed * factor(account, currency, of, ago)
            cents = {a: int(s.quantize(Decimal(1), ROUND_HALF_UP)) for a, s in sums.items()}
            cents["7000"] = cents.get("7000", 0) - sum(cents.values())
            for account, amount in cents.items():
                total[account] += -amount if account in NORMAL_CREDIT else amount
    return {account: amount for account, amount in total.items() if amount}


def factor(account, currency, of, ago):
    if currency == "USD":
        return Decimal(1)
    historical = of == "lot" and account in ("2100", "2110", "4100", "4200", "4300", "4310")
    since = day(0 if historical else ago)
    found = ExchangeRate.objects.filter(currency=currency, to="USD", day__lte=since)
    value = found.order_by("-day").values_list("rate", flat=True)[0]
    return value * 100 / get_currency(currency).sub_unit
