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
├── NoExtension         no-extension
├── NoOpenPaidLot       no-open-paid-lot
├── NotEscheatable      not-escheatable
├── AlreadySettled      already-settled
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


class NoExtension(BooksError):
    code = "no-extension"
    default_detail = "The lot expires later already: nobody's credits are cut short."


class NoOpenPaidLot(BooksError):
    code = "no-open-paid-lot"
    default_detail = "There is no open paid lot whose price the credits could share."


class NotEscheatable(BooksError):
    code = "not-escheatable"
    default_detail = "Nobody paid for these credits: there is nothing that a state may claim."


class AlreadySettled(BooksError):
    code = "already-settled"
    default_detail = "This property was remitted or returned before."


class CurrencyMismatch(BooksError):
    code = "currency-mismatch"
    default_detail = "These are of another currency."


class RateMissing(BooksError):
    code = "rate-missing"
