"""What the books refuse; nothing was changed then.

BooksError
├── PeriodClosed        period-closed
├── PeriodNotOver       period-not-over
├── CloseOutOfOrder     close-out-of-order
├── NotClosed           period-not-closed
├── TieOutFailed        tie-out-failed
├── EstimateOutOfRange  estimate-out-of-range
├── NoSuchCohort        no-such-cohort
├── GraceIsOver         grace-is-over
├── NotEscheatable      not-escheatable
├── CurrencyMismatch    currency-mismatch
└── RateMissing         rate-missing
"""

from billing.errors import BillingError


class BooksError(BillingError):
    pass


class PeriodClosed(BooksError):
    code = "period-closed"
    default_detail = "That day is in a closed period: what is late counts for the open one."


class PeriodNotOver(BooksError):
    code = "period-not-over"
    default_detail = "That month is not over yet."


class CloseOutOfOrder(BooksError):
    code = "close-out-of-order"


class NotClosed(BooksError):
    code = "period-not-closed"


class TieOutFailed(BooksError):
    code = "tie-out-failed"


class EstimateOutOfRange(BooksError):
    code = "estimate-out-of-range"
    default_detail = "An estimate is from 0 to 100 per cent."


class NoSuchCohort(BooksError):
    code = "no-such-cohort"
    default_detail = "There is no open cohort of that name."


class GraceIsOver(BooksError):
    code = "grace-is-over"
    default_detail = "The grace for it is over: give credits as goodwill instead."


class NotEscheatable(BooksError):
    code = "not-escheatable"


class CurrencyMismatch(BooksError):
    code = "currency-mismatch"


class RateMissing(BooksError):
    code = "rate-missing"
