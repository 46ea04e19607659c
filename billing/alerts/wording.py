from billing.models import AlertBasis
from billing.portal import shown


def threshold_in_words(basis: str, value: int) -> str:
    """`500 credits are left`, `80 % of the last purchase is used`, `7 days are left …`."""
    if basis == AlertBasis.CREDITS:
        return f"{shown.credits(value)} credits are left"
    if basis == AlertBasis.PERCENT:
        return f"{value} % of the last purchase is used"
    return f"{shown.days(value)} {'is' if value == 1 else 'are'} left at the present pace"
