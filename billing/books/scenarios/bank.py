"""Where a scenario's money is: it pays refunds out at once, and tells nobody."""

from billing.errors import ProviderFailed
from billing.facts import Refunded
from billing.providers.sandbox.provider import Sandbox

NAME = "scenario"


class Bank(Sandbox):
    """Asked for anything else than a refund, it says that it knows no such checkout."""

    name = NAME

    def refund(self, *, payment_ref: str, amount: int, currency: str, our_refund: str) -> Refunded:
        return Refunded(
            payment_ref=payment_ref,
            refund_ref=f"paid {our_refund}",
            amount=amount,
            currency=currency,
            state="succeeded",
            our_refund=our_refund,
        )

    def forget_card(self, card_ref: str) -> None:
        raise ProviderFailed
