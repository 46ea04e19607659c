"""A price divided over what it was paid for, all at once (2.3, E03b)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from billing.books.breakage.rates import checked


class Promise(NamedTuple):
    """Credits sold with others for one price: how many, what one costs when it is sold alone, and
    how likely it is to be used."""

    units: int
    price: Decimal
    likelihood: Decimal


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Minor units that add up to the total, each within one of its exact share. What is left over
    goes to the largest remainders, and among equals to the first (2.3).

    Raises ValueError for an amount or a weight below zero, or where all weights are zero.
    """
    whole = sum(weights)
    if total < 0 or min(weights, default=0) < 0 or not whole:
        raise ValueError(f"{total} over {list(weights)}")
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def by_selling_price(total: int, promises: Sequence[Promise]) -> list[int]:
    """Minor units for each, relative to what it would cost alone and to how likely its use is
    (E03b, 55-44). Raises RateOutOfRange, and ValueError as above."""
    worth = [
        Fraction(each.units) * Fraction(each.price) * checked(each.likelihood) for each in promises
    ]
    scale = lcm(*(each.denominator for each in worth))
    return largest_remainder(total, [int(each * scale) for each in worth])
