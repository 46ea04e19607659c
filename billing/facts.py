"""What a provider says, in our words. An event, an answer and a line of a list are all told so.

Amounts are minor units of `currency`. References without `our` are the provider's.
"""

from typing import NamedTuple


class Card(NamedTuple):
    ref: str
    brand: str = ""
    last4: str = ""
    exp_month: int | None = None
    exp_year: int | None = None


class Buyer(NamedTuple):
    """Whom the provider taxed."""

    name: str = ""
    line1: str = ""
    line2: str = ""
    postal_code: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    tax_id: str = ""


class Paid(NamedTuple):
    our_purchase: str
    checkout_ref: str
    payment_ref: str
    amount: int
    currency: str
    tax: int | None = None  # where the provider found it out
    fee: int | None = None  # None: not known yet
    customer_ref: str | None = None
    card: Card | None = None  # one that may be kept
    buyer: Buyer | None = None  # where the provider found out the tax


class CheckoutEnded(NamedTuple):
    """Without payment, for now: some are paid late."""

    our_purchase: str
    checkout_ref: str
    state: str  # failed or expired
    reason: str = ""
    payment_ref: str = ""
    is_open: bool = False  # the payer may try again on the same page


class Refunded(NamedTuple):
    payment_ref: str
    refund_ref: str
    amount: int
    currency: str
    state: str  # pending, succeeded or failed
    our_refund: str = ""
    reason: str = ""


class RefundTotal(NamedTuple):
    """All that was refunded of a payment so far."""

    payment_ref: str
    amount: int
    currency: str


class Disputed(NamedTuple):
    """A dispute as it stands: one that is told as closed was opened before."""

    payment_ref: str
    dispute_ref: str
    amount: int
    currency: str
    state: str  # open, won or lost
    fee: int = 0
    fee_returned: int = 0
    reason: str = ""


Fact = Paid | CheckoutEnded | Refunded | RefundTotal | Disputed
