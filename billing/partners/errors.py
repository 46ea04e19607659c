"""What is refused of revenue sharing; nothing was changed then.

PartnerError
├── TermsOverlap     partner-terms-overlap
├── TermsInPast      partner-terms-in-past
├── ShareOutOfRange  partner-share-out-of-range
├── TermsOver        partner-terms-over
├── PayoutTooLarge   payout-exceeds-owed
└── PayoutTwice      payout-reference-taken
"""

from billing.errors import BillingError


class PartnerError(BillingError):
    pass


class TermsOverlap(PartnerError):
    code = "partner-terms-overlap"


class TermsInPast(PartnerError):
    code = "partner-terms-in-past"
    default_detail = "Terms hold from today on at the earliest: what was accrued stays as it is."


class ShareOutOfRange(PartnerError):
    code = "partner-share-out-of-range"
    default_detail = (
        "A share is above 0 and at most 100 per cent, or above 0 credits a call: one of the two."
    )


class TermsOver(PartnerError):
    code = "partner-terms-over"
    default_detail = "These terms have ended already."


class PayoutTooLarge(PartnerError):
    code = "payout-exceeds-owed"


class PayoutTwice(PartnerError):
    code = "payout-reference-taken"
