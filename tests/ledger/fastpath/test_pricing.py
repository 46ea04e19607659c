from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import InvalidRequest
from ledger.amounts import CREDIT
from ledger.prices.pricing import (
    Billed,
    Price,
    RateCard,
    Unit,
    UnknownEndpoint,
    UnknownQuantity,
    charge,
    outcome_of,
    percent,
    share,
)


def price(**fields):
    given = {
        "id": 1,
        "rate_card": "2026-11",
        "per_call": 0,
        "units": (),
        "minimum": None,
        "maximum": None,
        "endpoint": "generate",
        "endpoint_id": 1,
        "method": "POST",
        "path_template": "",
        "billed": Billed(),
    }
    return Price(**(given | fields))


def metered(amount, size=1, per_call=0):
    return price(per_call=per_call, units=(Unit("tokens", size, amount),))


def test_a_call_costs_its_price_and_its_quantity():
    assert charge(price(per_call=4 * CREDIT), None).amount == 4 * CREDIT
    generate = metered(350_000, 1000, per_call=2 * CREDIT)
    assert charge(generate, 1200) == (2_420_000, {"tokens": "1200"})
    assert charge(generate, {}) == charge(generate, None) == (2 * CREDIT, None)


@pytest.mark.parametrize(
    ("per_quantity", "size", "quantity", "amount"),
    [
        (1, 2, 1, 0),
        (1, 2, 3, 2),
        (1, 2, 5, 2),
        (1, 3, 1, 0),
        (1, 3, 2, 1),
        (3, 2, "0.333333333", 0),
    ],
)
def test_the_sum_is_rounded_once_half_to_even(per_quantity, size, quantity, amount):
    assert charge(metered(per_quantity, size), quantity).amount == amount


@given(
    per_quantity=st.integers(0, 10**9),
    size=st.integers(1, 10**6),
    quantity=st.decimals(0, 10**6, places=9),
)
def test_it_is_what_exact_arithmetic_says(per_quantity, size, quantity):
    exact = Decimal(per_quantity) * quantity / size
    amount = charge(metered(per_quantity, size), format(quantity, "f")).amount
    assert abs(amount - exact) <= Decimal("0.5")


@pytest.mark.parametrize(
    ("quantity", "shown"), [(5, "5"), ("5.0", "5"), (0.1, "0.1"), ("0.100", "0.1"), (1e3, "1000")]
)
def test_equal_quantities_read_the_same(quantity, shown):
    assert charge(metered(1), quantity).quantities == {"tokens": shown}


@pytest.mark.parametrize(
    "quantity", [-1, "-1", "1e3", "x", "", 10**12, float("nan"), float("inf"), "0.1234567891", True]
)
def test_what_is_no_quantity_is_refused(quantity):
    with pytest.raises(InvalidRequest):
        charge(metered(1), quantity)


def test_a_quantity_that_has_no_price_is_refused():
    with pytest.raises(UnknownQuantity):
        charge(price(), 5)
    with pytest.raises(UnknownQuantity):
        charge(metered(1), {"words": 5})


def test_what_nobody_could_pay_is_refused():
    with pytest.raises(InvalidRequest):
        charge(metered(10**12), 10**11)


def test_our_failures_are_free_and_the_callers_as_the_endpoint_says():
    lenient, strict = price(), price(billed=Billed(client_error=100, timeout=30))
    assert percent(None, lenient) == percent("success", None) == 100
    assert percent("server_error", strict) == percent("timeout", lenient) == 0
    assert (percent("client_error", strict), percent("timeout", strict)) == (100, 30)
    assert percent("client_error", lenient) == percent("client_error", None) == 0
    assert percent("partial", lenient) == percent("partial", None) == 100
    assert [outcome_of(status) for status in (204, 302, 404, 500, 504)] == [
        *("success", "success", "client_error", "server_error", "timeout")
    ]


@pytest.mark.parametrize(
    ("amount", "of_it", "billed"), [(10, 100, 10), (10, 0, 0), (5, 50, 2), (15, 50, 8), (3, 33, 1)]
)
def test_a_share_is_rounded_half_to_even(amount, of_it, billed):
    assert share(amount, of_it) == billed


class TestPaths:
    card = RateCard(
        [
            price(endpoint="one", path_template="/files/{id}"),
            price(endpoint="new", path_template="/files/new"),
            price(endpoint="text", path_template="/files/{id}/text"),
            price(endpoint="any", method="", path_template="/any"),
            price(endpoint="nowhere"),
        ]
    )

    @pytest.mark.parametrize(
        ("method", "path", "endpoint"),
        [
            ("POST", "/files/7", "one"),
            ("post", "/files/7?a=/b", "one"),
            ("POST", "/files/new", "new"),
            ("POST", "/files/new/text", "text"),
            ("DELETE", "/any", "any"),
        ],
    )
    def test_the_most_exact_template_wins(self, method, path, endpoint):
        assert self.card.by_path(method, path).endpoint == endpoint

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/files/7"),
            ("POST", "/files/"),
            ("POST", "/files/7/"),
            ("POST", ""),
            ("POST", "/x"),
        ],
    )
    def test_others_are_unknown(self, method, path):
        with pytest.raises(UnknownEndpoint):
            self.card.by_path(method, path)
