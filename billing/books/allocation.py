"""A price divided over what it was paid for, all at once (2.3)."""

from collections.abc import Sequence


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
