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
        is_one = amount.is_finite() and amount >= 0 and amount == round(amount, PLACES)
    except ArithmeticError:
        is_one = False
    if not is_one:
        raise ValueError(f"{credits!r} is no amount of credits: at least 0, six places at most.")
    return format(amount.normalize(), "f")
