"""What closing an account refuses. Staff are told, and no call of the API.

BillingError
└── ClosingRefused
    └── ClosingChanged
"""

from billing.errors import BillingError


class ClosingRefused(BillingError):
    code = "closing-refused"


class ClosingChanged(ClosingRefused):
    code = "closing-changed"
    default_detail = (
        "What it does has changed since this page was shown, so nothing was done. Look again."
    )
