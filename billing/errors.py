"""What billing refuses.

BillingError
├── NoProvider            payment-unavailable
├── PackUnavailable       pack-unavailable
├── PlaceMissing          place-missing
├── TooManyOpen           too-many-open-purchases
├── TopUpRefused          top-up-refused
├── NothingToRefund       nothing-to-refund
├── RefundWindowOver      refund-window-over
├── RefundTooLarge        refund-too-large
├── FeeTooLarge           fee-too-large
├── ThresholdExists       threshold-exists
├── TooManyThresholds     too-many-thresholds
├── ThresholdUnknown      not-found
├── WebhookAddressRefused webhook-address-refused
├── TooManyEndpoints      too-many-webhook-endpoints
├── SecretIsRotating      webhook-secret-is-rotating
├── BackTestRefused       back-test-refused
├── UnknownProvider       not-found
├── WebhookRefused        webhook-refused
└── ProviderFailed        provider-failed
    └── ProviderDeclined  provider-declined
        └── CardDeclined  card-declined
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class BillingError(Exception):
    """A refusal: a stable `code`, a sentence, and `members` for the problem document."""

    code: ClassVar[str]
    default_detail: ClassVar[str] = ""

    def __init__(self, detail: str = "", *, members: Mapping[str, Any] | None = None) -> None:
        self.detail = detail or self.default_detail
        self.members = dict(members or {})
        super().__init__(self.detail)


class NoProvider(BillingError):
    code = "payment-unavailable"
    default_detail = "Nothing can be bought here: no payment provider is set up."


class PackUnavailable(BillingError):
    code = "pack-unavailable"
    default_detail = "This pack is not on sale to this customer, or not in this currency."


class PlaceMissing(BillingError):
    """No tax for want of an answer would be tax by choice."""

    code = "place-missing"
    default_detail = (
        "Tax depends on the buyer's country, or its region, which the billing details do not say."
    )


class TooManyOpen(BillingError):
    code = "too-many-open-purchases"
    default_detail = (
        "Too many of your purchases are waiting for payment. Pay or cancel one of them first: "
        "those that nobody pays end by themselves within a day."
    )


class TopUpRefused(BillingError):
    """What may not be agreed to; `field` is what is wrong of it."""

    code = "top-up-refused"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class NothingToRefund(BillingError):
    code = "nothing-to-refund"
    default_detail = "None of the purchase's credits are unused and free."


class RefundWindowOver(BillingError):
    code = "refund-window-over"
    default_detail = "The time in which this purchase could be refunded is over."


class RefundTooLarge(BillingError):
    code = "refund-too-large"
    default_detail = "That is more than is left of this payment, or of its credits."


class FeeTooLarge(BillingError):
    code = "fee-too-large"
    default_detail = "A fee is no more than the net of the refund, and something goes back."


class ThresholdExists(BillingError):
    code = "threshold-exists"
    default_detail = "There is such a threshold already."


class TooManyThresholds(BillingError):
    code = "too-many-thresholds"
    default_detail = "Ten thresholds are the most. Change or remove one of them first."


class ThresholdUnknown(BillingError):
    code = "not-found"
    default_detail = "There is no such threshold any more."


class WebhookAddressRefused(BillingError):
    """With what to do about it."""

    code = "webhook-address-refused"


class TooManyEndpoints(BillingError):
    code = "too-many-webhook-endpoints"
    default_detail = (
        "You have as many webhook endpoints as a company may. Remove one of them first."
    )


class SecretIsRotating(BillingError):
    code = "webhook-secret-is-rotating"
    default_detail = (
        "The secret was rotated in the last 24 hours, and the one before still signs. End the old"
        " secret first, once your program has the new one."
    )


class BackTestRefused(BillingError):
    code = "back-test-refused"


class UnknownProvider(BillingError):
    code = "not-found"
    default_detail = "There is no such payment provider."


class WebhookRefused(BillingError):
    """The signature is wrong or too old, or the body is no event."""

    code = "webhook-refused"


class ProviderFailed(BillingError):
    """It did not answer, or not as it should. The same may be asked again."""

    code = "provider-failed"
    default_detail = "The payment provider does not answer."


class ProviderDeclined(ProviderFailed):
    """It said no, and will say so again."""

    code = "provider-declined"


class CardDeclined(ProviderDeclined):
    """`is_final`: this card will not do without its owner. Otherwise another day may be better."""

    code = "card-declined"

    def __init__(self, detail: str = "", *, is_final: bool) -> None:
        super().__init__(detail)
        self.is_final = is_final
