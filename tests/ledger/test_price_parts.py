"""What a price is told to be made of adds up to what is charged, for prices of any shape."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.prices import parts, pricing
from ledger.prices.parts import Kind
from tests.ledger.prices import PRICES, quantities, texts


@given(price=PRICES, before=quantities(), asked=quantities())
def test_the_steps_add_up_to_the_charge(price, before, asked):
    so_far = texts(tokens=before, pages=before, calls=int(before))
    told = {name: texts(x=asked)["x"] for name in price.measured}
    steps = parts.of_charge(price, told, so_far)
    assert parts.total(steps) == pricing.charge(price, told, so_far).amount


@given(price=PRICES, before=quantities(), asked=quantities())
def test_each_step_follows_from_its_own_figures(price, before, asked):
    """And what is multiplied and what is free are all of the quantity."""
    so_far = texts(tokens=before, pages=before, calls=int(before))
    told = {name: texts(x=asked)["x"] for name in price.measured}
    steps = parts.of_charge(price, told, so_far)
    multiplied = [step for step in steps if step.kind is Kind.UNITS]
    for step in multiplied:
        assert step.amount == round(step.quantity * step.rate / step.size)
    for unit in price.units:
        own = [step.quantity for step in steps if step.unit == unit.name]
        assert sum(own) == (1 if unit.name == "calls" else asked)
    # Each line is half a micro-credit wrong at most, and so is their sum.
    for step in steps:
        if step.kind is Kind.ROUNDING:
            assert abs(step.amount) <= (len(multiplied) + 1) / 2 + 1


@given(price=PRICES, asked=st.integers(0, 10**6))
def test_bounds_are_told_where_they_bind(price, asked):
    told = dict.fromkeys(price.measured, str(asked))
    steps = parts.of_charge(price, told, {})
    kinds = {step.kind for step in steps}
    assert not {Kind.MINIMUM, Kind.MAXIMUM} <= kinds
    if Kind.MINIMUM in kinds:
        assert parts.total(steps) == price.minimum
    if Kind.MAXIMUM in kinds:
        assert parts.total(steps) == price.maximum
