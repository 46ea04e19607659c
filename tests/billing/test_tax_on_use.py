"""Tax that is due when credits are used: E01 and section 9 of the accounting rules."""

from random import Random

import pytest

from billing import refunds
from billing.books import revenue
from billing.models import Policy, TaxRate
from billing.portal.purchases import shop
from ledger import services
from ledger.amounts import CREDIT
from ledger.models import Lot
from tests.factories.billing import (
    bought,
    dispute_fact,
    money,
    new_pack,
    order,
    refund_fact,
    say,
    sold_by_the_test_provider,
    taxed,
)
from tests.factories.ledger import Book

pytestmark = pytest.mark.usefixtures("books_tie")


@pytest.fixture(autouse=True)
def on_use(db):
    Policy.current()
    Policy.objects.update(tax_point="redemption")


def own(payment):
    return Book(payment.purchase.customer_id)


def recognised(book):
    revenue.recognise_all()
    return money(book.customer_id)


def use(book, credits):
    hold = book.reserve(credits * CREDIT)
    book.commit(hold)
    return hold


def test_at_the_sale_none_is_charged(db):
    """1,000 credits for 100.00 and 20 %: 100.00 are paid and deferred."""
    purchase = order(taxed("20"))
    assert (purchase.net, purchase.tax, purchase.total) == (100_00, 0, 100_00)
    assert (purchase.tax_on_use, purchase.tax_percent, purchase.tax_country) == (20_00, 20, "AT")
    payment = bought(purchase.customer)
    assert (payment.amount, payment.tax) == (100_00, 0)
    assert recognised(own(payment)) == {"1000": 100_00, "2100": -100_00}


def test_with_each_use_its_part_is_due():
    payment = bought(taxed("20"))
    use(own(payment), 400)
    found = {"1000": 100_00, "1100": 8_00, "2100": -60_00, "2200": -8_00, "4100": -40_00}
    assert recognised(own(payment)) == found
    assert recognised(own(payment)) == found
    use(own(payment), 600)
    assert recognised(own(payment)) == {
        **{"1000": 100_00, "1100": 20_00, "2200": -20_00, "4100": -100_00}
    }


def test_the_parts_are_differences_of_what_is_left():
    """19 % of 10.00 are 1.90; of a third each 0.63, 0.64 and 0.63: halves go to the even cent."""
    payment = bought(taxed("19", country="DE"), credits=3, price="10.00")
    parts, before = [], 0
    for _ in range(3):
        use(own(payment), 1)
        due = recognised(own(payment))["1100"]
        parts.append(due - before)
        before = due
    assert parts == [63, 64, 63]


def test_use_that_is_reversed_is_not_taxed():
    payment = bought(taxed("20"))
    hold = use(own(payment), 400)
    recognised(own(payment))
    own(payment).reverse(hold, 100 * CREDIT)
    found = recognised(own(payment))
    assert (found["1100"], found["2200"], found["4100"]) == (6_00, -6_00, -30_00)


def test_the_rate_is_that_of_the_sale():
    customer = taxed("20")
    payment = bought(customer)
    TaxRate.objects.create(name="VAT", country="AT", percent=50)
    use(own(payment), 1000)
    assert recognised(own(payment))["2200"] == -20_00


def test_a_change_of_the_policy_is_for_sales_to_come():
    """What was sold with tax on use stays so; what is sold then is taxed at the sale."""
    customer = taxed("20")
    first = bought(customer)
    Policy.objects.update(tax_point="sale")
    second = bought(customer)
    assert (first.tax, second.tax) == (0, 20_00)
    use(own(first), 2000)
    found = recognised(own(first))
    assert (found["1100"], found["2200"], found["1000"]) == (20_00, -40_00, 220_00)


def test_a_bonus_on_terms_of_its_own_has_its_part():
    """20.00 over lots of 80.00 and 20.00: the bonus expires first, and is used first."""
    payment = bought(taxed("20"), bonus=250, bonus_validity_days=30)
    use(own(payment), 250)
    assert recognised(own(payment))["2200"] == -4_00


def test_what_is_refunded_was_never_taxed():
    payment = sold_by_the_test_provider(taxed("20")).payment
    use(own(payment), 400)
    refund = refunds.request(payment.purchase, by=None, reason="Too many")
    assert (refund.net, refund.tax) == (60_00, 0)
    found = recognised(own(payment))
    assert (found["1100"], found["2200"]) == (8_00, -8_00)
    assert "2100" not in found


def test_a_lost_dispute_has_no_tax_to_give_back():
    payment = bought(taxed("20"))
    use(own(payment), 400)
    say(dispute_fact(payment, "lost"))
    found = recognised(own(payment))
    assert found == {"1100": 8_00, "2200": -8_00, "4100": -40_00, "4310": 40_00}


def test_what_is_moved_is_taxed_where_it_is_used():
    """250 of the 600 that are left: 5.00 of the 12.00."""
    payment = bought(taxed("20"))
    use(own(payment), 400)
    other = Book.new()
    services.move(own(payment).customer_id, other.customer_id, amount=250 * CREDIT)
    use(other, 250)
    assert recognised(other)["2200"] == -5_00
    use(own(payment), 350)
    assert recognised(own(payment))["2200"] == -15_00


def test_credits_that_are_attached_spread_the_tax_too():
    payment = bought(taxed("20"))
    use(own(payment), 500)
    lot = Lot.objects.get(customer_id=own(payment).customer_id)
    services.attach(own(payment).customer_id, amount=300 * CREDIT, lot_id=lot.id)
    use(own(payment), 400)
    assert recognised(own(payment))["2200"] == -15_00
    use(own(payment), 400)
    assert recognised(own(payment))["2200"] == -20_00


def test_what_expires_is_not_taxed():
    payment = bought(taxed("20"))
    own(payment).do("adjust", amount=600 * CREDIT, detail={"cause": "forfeit"})
    use(own(payment), 400)
    found = recognised(own(payment))
    assert (found["1100"], found["2200"]) == (8_00, -8_00)


@pytest.mark.parametrize("seed", range(10))
def test_in_the_end_the_tax_is_that_of_what_was_used(seed):
    """Uses, reversals, refunds that come to something or not, recognised now and then: used up, all
    of the tax is due but for what was refunded, and no cent is lost on the way."""
    random = Random(seed)
    payment = bought(taxed("19", country="DE"), credits=97, price="33.33")
    holds = []
    for number in range(12):
        match random.choice(["use", "use", "reverse", "recognise", "refund"]):
            case "use":
                left = own(payment).refresh().available // CREDIT
                if left:
                    holds.append(use(own(payment), random.randint(1, left)))
            case "reverse" if holds:
                own(payment).reverse(holds.pop(random.randrange(len(holds))))
            case "recognise":
                revenue.recognise_all()
            case "refund":
                say(refund_fact(payment, f"{number}", random.randint(1, 100)))
    left = own(payment).refresh().available // CREDIT
    if left:
        use(own(payment), left)
    found = recognised(own(payment))
    assert found["1100"] == -found["2200"]
    lot = Lot.objects.get(customer_id=own(payment).customer_id)
    used = sum(
        amount if kind == "commit" else -amount
        for kind, _, _, amount, _ in own(payment).transfers()
        if kind in ("commit", "reverse")
    )
    exact = lot.tax * used / lot.units
    refunds_made = payment.refunds.count()
    assert abs(found["1100"] - exact) <= 1 + refunds_made


def test_the_receipt_says_so():
    payment = bought(taxed("20"))
    content = payment.purchase.documents.get().content
    assert [content[name] for name in ("net", "tax", "total")] == ["100.00", "0.00", "100.00"]
    assert content["lines"][0]["rate"] == ""
    assert content["notes"][-1] == (
        "VAT 20\N{NO-BREAK SPACE}% is charged when the credits are used: 20.00 USD for all of them."
    )


def test_the_shop_says_so(settings):
    settings.TAX_BY_PROVIDER = True
    customer = taxed("20")
    new_pack()
    offer = next(one for one in shop.offers(customer) if one.currency == "USD")
    assert offer.tax == ""
    assert "when credits are used" in shop.tax_note(customer)
    assert not order(customer).tax_by_provider
