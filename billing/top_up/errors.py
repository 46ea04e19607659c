"""What may not be agreed to: each names the field of the form that is wrong."""

from billing.errors import BillingError


class TopUpRefused(BillingError):
    code = "top-up-refused"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
