"""What plans refuse.

BillingError
├── PlanRefused          plan-refused
├── PlanUnavailable      plan-unavailable
├── PlanInUse            plan-in-use
├── HasSubscription      has-subscription
├── NoSubscription       no-subscription
├── PlanTaken            plan-taken
├── ChangeRefused        plan-change-refused
├── CardMissing          card-missing
├── InvoiceUnpaid        invoice-unpaid
└── NothingToPay         nothing-to-pay
"""

from billing.errors import BillingError


class PlanRefused(BillingError):
    """Settings that make no plan; `field` is what is wrong."""

    code = "plan-refused"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class PlanUnavailable(BillingError):
    code = "plan-unavailable"
    default_detail = "This plan is not on offer."


class PlanInUse(BillingError):
    code = "plan-in-use"
    default_detail = "This version was published and stays as it is: make a new one."


class HasSubscription(BillingError):
    code = "has-subscription"
    default_detail = "There is a subscription already: change its plan."


class NoSubscription(BillingError):
    code = "no-subscription"
    default_detail = "There is no subscription any more."


class PlanTaken(BillingError):
    code = "plan-taken"
    default_detail = "This plan lasts for a time, and was taken before. Choose another one."


class ChangeRefused(BillingError):
    code = "plan-change-refused"


class CardMissing(BillingError):
    code = "card-missing"
    default_detail = "This plan needs a saved card: buy credits and keep the card, or choose one."


class InvoiceUnpaid(BillingError):
    code = "invoice-unpaid"
    default_detail = "An invoice could not be charged: pay it first, then take a plan with credits."


class NothingToPay(BillingError):
    code = "nothing-to-pay"
    default_detail = "This invoice is paid."
