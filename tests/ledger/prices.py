"""Prices of any shape, for properties."""

from decimal import Decimal

from hypothesis import strategies as st

from ledger.prices.pricing import Billed, Price, Tier, Unit

AMOUNTS = st.integers(0, 10**9)
SIZES = st.sampled_from([1, 3, 7, 1000, 10**6])


def priced(*units, per_call=0, minimum=None, maximum=None):
    return Price(
        id=1,
        rate_card="2026-11",
        per_call=per_call,
        units=units,
        minimum=minimum,
        maximum=maximum,
        endpoint="generate",
        endpoint_id=1,
        method="",
        path_template="",
        billed=Billed(),
    )


def quantities():
    return st.decimals(0, 10**6, places=3)


def texts(**numbers):
    return {name: format(Decimal(number), "f") for name, number in numbers.items()}


def _tiers(ends, amounts):
    ends = [format(Decimal(end).normalize(), "f") for end in sorted(ends)]
    return tuple(Tier(end, amount) for end, amount in zip([*ends, None], amounts, strict=False))


# Of ascending ends, and the last one without.
TIERS = st.lists(st.integers(1, 10**6), max_size=4, unique=True).flatmap(
    lambda ends: st.lists(AMOUNTS, min_size=len(ends) + 1, max_size=len(ends) + 1).map(
        lambda amounts: _tiers(ends, amounts)
    )
)


@st.composite
def units(draw, name):
    mode = draw(st.sampled_from(["flat", "graduated", "volume"]))
    tiers = () if mode == "flat" else draw(TIERS)
    return Unit(
        name=name,
        size=draw(SIZES),
        amount=draw(AMOUNTS) if mode == "flat" else 0,
        free=draw(st.sampled_from(["0", "0.5", "1", "1000", "250000"])),
        mode=mode,
        tiers=tiers,
    )


@st.composite
def prices(draw, unit=units):
    names = draw(st.lists(st.sampled_from(["tokens", "pages", "calls"]), max_size=3, unique=True))
    low, high = sorted(draw(st.tuples(AMOUNTS, AMOUNTS)))
    return priced(
        *(draw(unit(name)) for name in names),
        per_call=draw(AMOUNTS),
        minimum=draw(st.sampled_from([None, low])),
        maximum=draw(st.sampled_from([None, high])),
    )


PRICES = prices()


@st.composite
def _flat(draw):
    low, high = sorted(draw(st.tuples(AMOUNTS, AMOUNTS)))
    return priced(
        Unit("tokens", draw(SIZES), draw(AMOUNTS)),
        Unit("calls", draw(SIZES), draw(AMOUNTS)),
        per_call=draw(AMOUNTS),
        minimum=draw(st.sampled_from([None, low])),
        maximum=draw(st.sampled_from([None, high])),
    )


FLAT = _flat()
