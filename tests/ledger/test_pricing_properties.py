"""What holds for prices of any shape."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ledger.prices.pricing import Tier, Unit, charge, exact
from tests.ledger.prices import FLAT, PRICES, TIERS, priced, quantities, texts

GRADUATED = st.builds(
    lambda size, tiers: Unit("tokens", size, mode="graduated", tiers=tuple(tiers)),
    st.integers(1, 10**6),
    TIERS,
)


@given(unit=GRADUATED, before=quantities(), after=quantities(), between=quantities())
def test_graduated_prices_never_fall_and_never_jump(unit, before, after, between):
    """A little more costs a little more: never less, and at most the dearest tier's amount for it,
    at the ends of tiers too."""
    low, high = sorted((between, after))
    so_far = texts(tokens=before)
    price = priced(unit)
    step = exact(price, texts(tokens=high), so_far) - exact(price, texts(tokens=low), so_far)
    dearest = max(tier.amount for tier in unit.tiers)
    assert 0 <= step <= Fraction(dearest) * (Fraction(high) - Fraction(low)) / unit.size


@given(unit=GRADUATED, before=quantities(), one=quantities(), other=quantities())
def test_two_graduated_calls_cost_what_one_of_both_does(unit, before, one, other):
    price = priced(unit)
    first = exact(price, texts(tokens=one), texts(tokens=before))
    second = exact(price, texts(tokens=other), texts(tokens=before + one))
    assert first + second == exact(price, texts(tokens=one + other), texts(tokens=before))


@given(price=FLAT, one=quantities(), other=quantities())
def test_splitting_a_call_never_lowers_its_price(price, one, other):
    """Under cards without quotas or tiers. This is exact before rounding. Each part is rounded by
    at most half a micro-credit, and so is the whole: after it, two parts may come to as much as a
    micro-credit and a half less, and each part is within half a micro-credit of what it should."""
    parts = [exact(price, texts(tokens=part), {}) for part in (one, other)]
    whole = exact(price, texts(tokens=one + other), {})
    assert sum(parts) >= whole
    rounded = [charge(price, texts(tokens=part)).amount for part in (one, other)]
    for part, amount in zip(parts, rounded, strict=True):
        assert abs(amount - part) <= Fraction(1, 2)
    assert sum(rounded) >= charge(price, texts(tokens=one + other)).amount - Fraction(3, 2)


@given(price=PRICES, before=quantities(), asked=quantities())
def test_a_charge_is_the_exact_price_rounded_once(price, before, asked):
    so_far = texts(tokens=before, pages=before, calls=int(before))
    told = texts(tokens=asked, pages=asked)
    told = {name: told[name] for name in price.measured}
    assert charge(price, told, so_far).amount == round(exact(price, told, so_far))


@given(price=PRICES, asked=quantities())
def test_a_charge_is_within_its_bounds_or_free(price, asked):
    told = dict.fromkeys(price.measured, str(asked))
    amount = charge(price, told, {}).amount
    if amount or not any(unit.free != "0" for unit in price.units):
        assert amount >= (price.minimum or 0)
    if price.maximum is not None:
        assert amount <= price.maximum


def test_tiers_by_hand():
    """The tenth call and on of a month cost half; the first two nothing."""
    tiers = (Tier("8", 10), Tier(None, 5))
    price = priced(Unit("calls", free="2", mode="graduated", tiers=tiers))
    amounts = [charge(price, None, {"calls": str(n)}).amount for n in (0, 1, 2, 9, 10, 11)]
    assert amounts == [0, 0, 10, 10, 5, 5]
    volume = priced(Unit("tokens", 1000, mode="volume", tiers=(Tier("1000", 9), Tier(None, 4))))
    assert charge(volume, 1000, {}).amount == 9
    assert charge(volume, 1001, {}).amount == 4
    assert charge(volume, 1000, {"tokens": "1"}).amount == 4
