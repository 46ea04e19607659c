"""Nobody gets round the second person by changing what measures, or by being two people."""

from decimal import Decimal

import pytest
from django.db import connections

from accounts import audit
from accounts.audit import acting
from accounts.models import User
from accounts.models.audit import Via
from billing.adjustments import approving, previewing
from billing.adjustments.errors import NotToDecide
from billing.models import Adjustment, AdjustmentLimit, ExchangeRate, Policy
from tests.billing.adjustments.conftest import DAY, limit, person, propose, sold

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture(autouse=True)
def forgotten():
    """What was changed here is no change of the day for the tests after it."""
    yield
    nouns = ("adjustmentlimit", "exchangerate", "policy", "user", "second_factor")
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "delete from accounts_auditentry where split_part(action, '.', 1) = any(%s)",
            [list(nouns)],
        )


def as_staff(by):
    """As a request of theirs."""
    return acting(person=by.pk, via=Via.ADMIN)


@pytest.fixture
def rates():
    """Of Swiss francs, as they were for long."""
    yield ExchangeRate.objects.create(currency="CHF", to="USD", day="2020-01-01", rate="2")
    ExchangeRate.objects.filter(currency="CHF").delete()


def change_limit(by, **to):
    with as_staff(by):
        AdjustmentLimit.objects.filter(role="administrator").update(**to)


def test_a_raised_limit_holds_a_day_later(book, ann, bob, clock):
    change_limit(ann, credits=10**15)
    late = propose(book, "add", ann, 20_000)
    assert late.state == "waiting"
    assert "was raised" in late.waits_for
    assert propose(book, "add", bob, 20_000).state == "waiting"
    clock.forward(DAY + 60)
    assert propose(book, "add", ann, 20_000).state == "applied"


def test_raised_twice_it_is_still_what_it_was(book, ann):
    for credits in (10**12, 10**15):
        change_limit(ann, credits=credits)
    assert propose(book, "add", ann, 20_000).state == "waiting"


def test_a_lowered_limit_holds_at_once(book, ann):
    change_limit(ann, credits=10**6)
    assert propose(book, "add", ann, 2).state == "waiting"


def test_a_rate_that_was_lowered_makes_nothing_smaller(book, ann, clock, rates):
    limit(money=5)
    lot_id = sold(book, clock, currency="CHF")
    with as_staff(ann):
        ExchangeRate.objects.filter(id=rates.id).update(rate="0.0000001")
    late = propose(book, "forfeit", ann, 50, lot_id=lot_id)
    assert (late.state, late.size_money) == ("waiting", Decimal(10))


def test_nor_does_a_new_one_that_is_lower(book, ann, clock, rates):
    limit(money=5)
    lot_id = sold(book, clock, currency="CHF")
    with as_staff(ann):
        new = ExchangeRate.objects.create(currency="CHF", to="USD", day="2021-01-01", rate="0.001")
    assert propose(book, "forfeit", ann, 50, lot_id=lot_id).size_money == 10
    with as_staff(ann):
        ExchangeRate.objects.filter(id=new.id).update(rate="4")
    assert propose(book, "forfeit", ann, 50, lot_id=lot_id).size_money == 20


def test_the_first_rate_of_a_currency_measures_from_the_next_day_on(book, ann, clock):
    lot_id = sold(book, clock, currency="CHF")
    with as_staff(ann):
        made = ExchangeRate.objects.create(currency="CHF", to="USD", day="2020-01-01", rate="0.001")
    try:
        assert propose(book, "forfeit", ann, 50, lot_id=lot_id).size_money is None
        clock.forward(DAY + 60)
        assert propose(book, "forfeit", ann, 50, lot_id=lot_id).state == "applied"
    finally:
        made.delete()


def test_another_functional_currency_makes_all_of_it_wait(book, ann, policy):
    with as_staff(ann):
        Policy.objects.update(functional_currency="KWD")
    late = propose(book, "add", ann, 1)
    assert (late.state, "functional currency" in late.waits_for) == ("waiting", True)


@pytest.fixture
def waiting(book, ann):
    return propose(book, "add", ann, 20_000)


def approve(adjustment, by):
    mark = previewing.preview(Adjustment.objects.get(id=adjustment.id)).mark
    return approving.approve(adjustment.id, by=by, seen=mark)


def new_account(name, by):
    with as_staff(by):
        fields = {"is_staff": True, "staff_role": "finance"}
        return User.objects.create_user(f"{name}@staff.example", **fields)


def test_an_account_that_was_just_made_is_no_second_person(waiting, ann, clock):
    puppet = new_account("puppet", ann)
    with pytest.raises(NotToDecide, match="within 24 hours"):
        approve(waiting, puppet)
    clock.forward(DAY + 60)
    assert approve(waiting, puppet).state == "applied"


@pytest.mark.parametrize("what", ["password", "staff_role", "email", "second factor"])
def test_nor_is_one_that_was_taken_over(waiting, ann, what):
    bob = User.objects.create_user(
        f"{what.replace(' ', '')}@staff.example", is_staff=True, staff_role="finance"
    )
    with as_staff(ann):
        if what == "second factor":
            audit.record("second_factor.removed", bob)
        else:
            to = {"password": "x", "staff_role": "administrator", "email": "taken@x.example"}
            User.objects.filter(pk=bob.pk).update(**{what: to[what]})
    with pytest.raises(NotToDecide, match="within 24 hours"):
        approve(waiting, User.objects.get(pk=bob.pk))
    User.objects.filter(pk=bob.pk).update(email=f"old-{what[:3]}@x.example")


def test_nor_who_asked_as_somebody_else(book, clock):
    """Mallory takes Carol's account, asks as her, and approves as himself, however late."""
    carol, mallory = person("carol"), person("mallory")
    with as_staff(mallory):
        User.objects.filter(pk=carol.pk).update(password="!known-to-mallory")
    asked = propose(book, "add", carol, 20_000)
    for later in (0, 2 * DAY):
        clock.forward(later)
        with pytest.raises(NotToDecide, match="You changed the account"):
            approve(asked, mallory)
    assert approve(asked, person("eve")).state == "applied"


def test_who_changes_their_own_password_decides_all_the_same(waiting, bob):
    with as_staff(bob):
        User.objects.filter(pk=bob.pk).update(password="!new")
    assert approve(waiting, bob).state == "applied"


def test_a_name_is_no_access(waiting, ann):
    eve = person("eve2")
    with as_staff(ann):
        User.objects.filter(pk=eve.pk).update(name="Eve")
    assert approve(waiting, eve).state == "applied"
