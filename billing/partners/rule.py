"""What a partner has of a lot, as SQL: exact parts of minor units.

A row of shares is worth `price * units / basis` minor units, times the per cent; terms in credits
have all of what their credits are worth. Each row is exact to eighteen places whatever number of
calls it sums up, so that nothing drifts, and the sum of a partner's rows in a currency is rounded
once, half to even, to the minor unit.
"""


def worth(units: str, percent: str = "100") -> str:
    """Of so many micro-credits of a lot of this `price` for a `basis` of micro-credits."""
    numerator = f"price::numeric * ({units}) * ({percent}) * 1.000000000000000000000000"
    return f"round({numerator} / (basis::numeric * 100), 18)"


def minor(exact: str) -> str:
    """In whole minor units. Thirds that add up to a half are a half."""
    return f"billing_half_even(round({exact}, 9))"


def filled(amount: str) -> str:
    """How much of a lot is among the first so many credits of a call: it fills its lots in order,
    and gives back from the last, so what it has is told by how much that is. `upto` is what its
    lots have up to this one, `used` what this one has."""
    return f"least(greatest({amount}, upto - used), upto)"
