"""Credits are decimals of at most six places, and texts on the wire; never floats."""

from decimal import Decimal

Credits = Decimal | int | str
PLACES = 6


def text(credits: Credits) -> str:
    """As the API takes it. Raises ValueError for what is no amount of credits, TypeError for a
    float, which is none by its nature."""
    if isinstance(credits, float | bool):
        raise TypeError(f"Credits are a Decimal, an int or a str, not {credits!r}.")
    try:
        amount = Decimal(credits)
    except ArithmeticError:
        raise ValueError(f"{credits!r} is no amount of credits.") from None
    if not amount.is_finite() or amount < 0 or amount != round(amount, PLACES):
        raise ValueError(f"{credits!r} is no amount of credits: at least 0, six places at most.")
    return format(amount.normalize(), "f")
