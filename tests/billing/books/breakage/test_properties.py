"""What holds of every cohort, every estimate and every way through its life."""

from decimal import Decimal
from functools import partial

from hypothesis import assume, given
from hypothesis import strategies as st

from billing.books.breakage.estimates import by_survival
from billing.books.breakage.formula import Position, recognised, remote
from billing.books.breakage.movement import movement
from billing.books.breakage.prospective import Base, prospective
from billing.books.breakage.survival import History, hazards, surviving

# Small ones too: rounding shows there.
amounts = st.integers(0, 20) | st.integers(0, 10**18)
positions = st.builds(lambda c, a, o: Position(c + a + o, c, a), amounts, amounts, amounts)
estimates = st.decimals(-100, 10**19, places=6) | st.decimals(0, 60, places=3)
rates = st.decimals(0, 1, places=6)


@st.composite
def rules(draw):
    expected, judged = draw(estimates), draw(amounts)
    modified = draw(positions)
    base = Base(modified.c, modified.a, recognised(modified, draw(estimates)))
    return draw(
        st.sampled_from(
            [
                partial(recognised, expected=expected),
                partial(remote, judged_remote=judged),
                partial(prospective, expected=expected, base=base),
            ]
        )
    )


@given(rules(), positions)
def test_the_advance_is_within_what_is_outstanding(rule, position):
    """R4. So use and breakage never exceed the value, and nothing outstanding is below zero."""
    n = rule(position)
    assert 0 <= n - position.a <= position.o
    assert position.c + n <= position.v


@given(rules(), amounts, amounts)
def test_a_matured_cohort_has_no_advance(rule, consumed, expired):
    """R6."""
    assert rule(Position(consumed + expired, consumed, expired)) == expired


@given(amounts, estimates, positions, estimates)
def test_nothing_at_sale(sold, expected, modified, old):
    """R15."""
    new = Position(sold, 0, 0)
    base = Base(modified.c, modified.a, recognised(modified, old))
    assert recognised(new, expected) == 0
    assert remote(new, 0) == 0
    assume(base.c)
    assert prospective(new, expected, base) == 0


@given(positions, estimates, estimates)
def test_a_higher_estimate_recognises_no_less(position, one, other):
    low, high = sorted((one, other))
    assert recognised(position, low) <= recognised(position, high)


@given(positions, estimates, st.data())
def test_what_expires_recognises_no_less(position, expected, data):
    more = data.draw(st.integers(0, position.o))
    after = position._replace(a=position.a + more)
    assert recognised(position, expected) <= recognised(after, expected)


@given(positions, st.integers(0, 10**18), st.data())
def test_use_recognises_no_less_until_it_exceeds_what_was_expected(position, expected, data):
    outstanding = position.v - max(expected, position.a) - position.c
    assume(outstanding > 0)
    used = data.draw(st.integers(0, outstanding))
    after = position._replace(c=position.c + used)
    assert recognised(position, Decimal(expected)) <= recognised(after, Decimal(expected))


@given(positions, st.integers(0, 10**18), st.data())
def test_use_beyond_that_recognises_no_more(position, expected, data):
    """But for the first use where none was expected: until then nothing is recognised (R15)."""
    assume(position.c and position.c >= position.v - max(expected, position.a))
    used = data.draw(st.integers(0, position.o))
    after = position._replace(c=position.c + used)
    assert recognised(after, Decimal(expected)) <= recognised(position, Decimal(expected))


@given(positions, estimates, estimates)
def test_a_modification_posts_nothing_by_itself(position, old, new):
    n = recognised(position, old)
    assert prospective(position, new, Base(position.c, position.a, n)) == n


@given(positions, estimates, st.data())
def test_a_modification_that_changes_nothing_is_none(position, expected, data):
    """With the estimate of before, the line goes on as it was; but for the base's own rounding."""
    base = Base(position.c, position.a, recognised(position, expected))
    used = data.draw(st.integers(0, position.o))
    after = position._replace(c=position.c + used)
    gap = prospective(after, expected, base) - recognised(after, expected)
    assert abs(gap) <= 1


@given(rules(), positions, positions, amounts)
def test_the_parts_sum_to_the_posting(rule, before, now, posted):
    assert movement(rule, posted, before, now).total == rule(now) - posted


@given(rules(), positions)
def test_run_again_it_posts_nothing(rule, position):
    """R3."""
    assert movement(rule, rule(position), position, position) == (0, 0, 0)


@given(rules(), positions, st.data())
def test_each_part_has_its_own_cause(rule, before, data):
    """The same rule and no expiry: all current. No use either, but expiry: all of that."""
    moved = data.draw(st.integers(0, before.o))
    used = movement(rule, rule(before), before, before._replace(c=before.c + moved))
    assert (used.catch_up, used.expiry) == (0, 0)
    expired = movement(rule, rule(before), before, before._replace(a=before.a + moved))
    assert (expired.catch_up, expired.current) == (0, 0)


@given(positions, st.lists(rates, max_size=12), st.integers(0, 12))
def test_survival_is_bounded_by_what_broke_and_what_still_can(position, found, age):
    assert position.a <= by_survival(position, found, age) <= position.a + position.o


@st.composite
def histories(draw):
    left, used, censored = draw(st.integers(1, 10**12)), [], []
    value = left
    for _ in range(draw(st.integers(0, 6))):
        used.append(draw(st.integers(0, left)))
        censored.append(draw(st.integers(0, left - used[-1])))
        left -= used[-1] + censored[-1]
    return History(value, used, censored)


@given(st.lists(histories(), max_size=5), st.integers(1, 8))
def test_hazards_are_rates_and_fewer_survive_longer_lives(known, months):
    found = hazards(known, months)
    assert len(found) == months
    assert all(0 <= hazard <= 1 for hazard in found)
    parts = [surviving(found, age) for age in range(months + 1)]
    assert parts == sorted(parts)
