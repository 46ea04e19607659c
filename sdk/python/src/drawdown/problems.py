"""One class for each type of problem, under that of its status. The address of a problem's type has
a page that says what to do."""

from typing import Final

from drawdown.errors import (
    AccessDenied,
    BadRequest,
    Conflict,
    Missing,
    PaymentRequired,
    Problem,
    ServerProblem,
    TooManyRequests,
    Unauthenticated,
    Unprocessable,
)


class InvalidRequest(BadRequest):
    """A field is missing or wrong; errors names each of them."""

    code = "invalid-request"


class MalformedAmount(BadRequest):
    """An amount is a decimal string with at most six places."""

    code = "malformed-amount"


class MalformedJson(BadRequest):
    """The body is no JSON that this service reads."""

    code = "malformed-json"


class EventTooOld(BadRequest):
    """A usage event is reported within 30 days after its time."""

    code = "event-too-old"


class EventInFuture(BadRequest):
    """A usage event tells of what was done, and its time is still to come."""

    code = "event-in-future"


class EventDismissed(BadRequest):
    """A usage event that was refused, and that staff dismissed since."""

    code = "event-dismissed"


class MalformedRequest(BadRequest):
    """This is no HTTP request, or its body did not come as declared."""

    code = "malformed-request"


class MalformedMoney(BadRequest):
    """This is no amount of money in a currency that is known."""

    code = "malformed-money"


class IdempotencyKeyMissing(BadRequest):
    """Every write takes an Idempotency-Key header."""

    code = "idempotency-key-missing"


class IdempotencyKeyMalformed(BadRequest):
    """An idempotency key has 1 to 255 printable characters."""

    code = "idempotency-key-malformed"


class TooManyOperations(BadRequest):
    """A batch has 1 to 1,000 operations."""

    code = "too-many-operations"


class ExpiryInPast(BadRequest):
    """What is granted now cannot have expired before."""

    code = "expiry-in-past"


class PriceMissing(BadRequest):
    """Paid credits need a price above zero, and its currency."""

    code = "price-missing"


class PriceNotAllowed(BadRequest):
    """Only paid credits have a price."""

    code = "price-not-allowed"


class UnknownKind(BadRequest):
    """A lot is paid, bonus, promo, goodwill or adjustment."""

    code = "unknown-kind"


class WebhookRefused(BadRequest):
    """A payment provider's event is signed, and not old."""

    code = "webhook-refused"


class WebhookAddressRefused(BadRequest):
    """Webhooks go to public addresses only, by HTTPS."""

    code = "webhook-address-refused"


class PriceMalformed(BadRequest):
    """A price or one of its tiers cannot be as it was written."""

    code = "price-malformed"


class PinOver(BadRequest):
    """What a customer is pinned until has passed already."""

    code = "pin-over"


class UnknownCause(BadRequest):
    """Credits are taken away for a cause, and this is none of them."""

    code = "unknown-cause"


class Unauthorized(Unauthenticated):
    """The Authorization header carries no key that is accepted."""

    code = "unauthorized"


class SpendCapReached(PaymentRequired):
    """A spend cap leaves no room for it; cap, limit and used name it."""

    code = "spend-cap-reached"


class InsufficientCredits(PaymentRequired):
    """The customer has fewer credits available than this takes."""

    code = "insufficient-credits"


class Forbidden(AccessDenied):
    """This key may not do this; it may lack a scope."""

    code = "forbidden"


class CustomerSuspended(AccessDenied):
    """The customer is suspended and reserves nothing."""

    code = "customer-suspended"


class KeyInvalid(AccessDenied):
    """The customer's key is unknown or mistyped."""

    code = "key-invalid"


class KeyRevoked(AccessDenied):
    """The customer's key was revoked."""

    code = "key-revoked"


class KeyExpired(AccessDenied):
    """The customer's key has expired."""

    code = "key-expired"


class KeySuspended(AccessDenied):
    """The key is suspended, or all of a customer's that owes a payment."""

    code = "key-suspended"


class EndpointNotAllowed(AccessDenied):
    """The customer's key does not pay for this endpoint."""

    code = "endpoint-not-allowed"


class AddressNotAllowed(AccessDenied):
    """The customer's key is not used from this address."""

    code = "address-not-allowed"


class NotFound(Missing):
    """There is no such object, or it is another customer's."""

    code = "not-found"


class MethodNotAllowed(Problem):
    """This address does not take this method."""

    code = "method-not-allowed"


class NotAcceptable(Problem):
    """Answers are JSON, which the Accept header leaves out."""

    code = "not-acceptable"


class RequestInProgress(Conflict):
    """The first request with this key still runs; ask again soon."""

    code = "request-in-progress"


class KeyEnded(Conflict):
    """The key is revoked, has expired or was rotated before."""

    code = "key-ended"


class SandboxOnly(Conflict):
    """This is for sandboxes only."""

    code = "sandbox-only"


class NotInASandbox(Conflict):
    """No money moves in a sandbox."""

    code = "not-in-a-sandbox"


class ExternalIdTaken(Conflict):
    """Another customer has this external_id."""

    code = "external-id-taken"


class ReservationHeld(Conflict):
    """The reservation is still held."""

    code = "reservation-held"


class ReservationCommitted(Conflict):
    """The reservation was committed before."""

    code = "reservation-committed"


class ReservationReleased(Conflict):
    """The reservation was released before."""

    code = "reservation-released"


class ReservationExpired(Conflict):
    """The reservation has expired."""

    code = "reservation-expired"


class ReservationReversed(Conflict):
    """The reservation was reversed before."""

    code = "reservation-reversed"


class LeaseImpossible(Conflict):
    """This customer or key has limits that a lease could not keep."""

    code = "lease-impossible"


class LeaseSequenceGap(Conflict):
    """Settlements of a lease are numbered without a gap."""

    code = "lease-sequence-gap"


class LeaseExpired(Conflict):
    """The lease has expired, and its grace is over."""

    code = "lease-expired"


class LeaseEnded(Conflict):
    """The lease was ended before."""

    code = "lease-ended"


class NotFrozen(Conflict):
    """Fewer credits than that are frozen."""

    code = "not-frozen"


class BalanceTooLarge(Conflict):
    """A wallet holds at most 4 million million credits."""

    code = "balance-too-large"


class CapBelowSpent(Conflict):
    """More than this cap is spent or held already."""

    code = "cap-below-spent"


class ClockNotMoved(Conflict):
    """Only the clock of a test wallet is moved, and only ahead."""

    code = "clock-not-moved"


class CreditLimitInUse(Conflict):
    """The customer owes more than this credit limit already."""

    code = "credit-limit-in-use"


class PackUnavailable(Conflict):
    """The pack is not on sale, or not to this customer or in this currency."""

    code = "pack-unavailable"


class PlaceMissing(Conflict):
    """Tax depends on the buyer's country, which is not known yet."""

    code = "place-missing"


class TooManyOpenPurchases(Conflict):
    """Too many purchases of the customer wait for payment."""

    code = "too-many-open-purchases"


class AdjustmentRefused(Conflict):
    """Credits cannot be adjusted so; errors says what is wrong."""

    code = "adjustment-refused"


class AdjustmentChanged(Conflict):
    """The adjustment would come to something else than was seen."""

    code = "adjustment-changed"


class AdjustmentNotToDecide(Conflict):
    """It is not to be decided now, or not by this person."""

    code = "adjustment-not-to-decide"


class ThresholdExists(Conflict):
    """The customer has such a threshold already."""

    code = "threshold-exists"


class TooManyThresholds(Conflict):
    """A customer has ten thresholds at most."""

    code = "too-many-thresholds"


class TooManyWebhookEndpoints(Conflict):
    """A company has at most ten webhook endpoints."""

    code = "too-many-webhook-endpoints"


class WebhookSecretIsRotating(Conflict):
    """The secret before this one still signs webhooks."""

    code = "webhook-secret-is-rotating"


class TopUpRefused(Conflict):
    """An automatic top-up cannot be agreed to on these terms."""

    code = "top-up-refused"


class PlanRefused(Conflict):
    """These settings make no plan."""

    code = "plan-refused"


class PlanUnavailable(Conflict):
    """The plan is not on offer, or not to this customer."""

    code = "plan-unavailable"


class PlanInUse(Conflict):
    """A plan that was published stays as it is."""

    code = "plan-in-use"


class HasSubscription(Conflict):
    """The customer has a plan already."""

    code = "has-subscription"


class NoSubscription(Conflict):
    """The customer has no plan any more."""

    code = "no-subscription"


class PlanTaken(Conflict):
    """The plan lasts for a time, and the customer has had it."""

    code = "plan-taken"


class PlanChangeRefused(Conflict):
    """The plan cannot be changed so, or not now."""

    code = "plan-change-refused"


class CardMissing(Conflict):
    """The plan needs a saved card that can be charged."""

    code = "card-missing"


class InvoiceUnpaid(Conflict):
    """An invoice of the customer could not be charged and is not paid yet."""

    code = "invoice-unpaid"


class NothingToPay(Conflict):
    """The invoice is paid, or is being charged just now."""

    code = "nothing-to-pay"


class NothingToRefund(Conflict):
    """None of the purchase's credits are unused and free."""

    code = "nothing-to-refund"


class RefundWindowOver(Conflict):
    """A purchase can be refunded for some days only."""

    code = "refund-window-over"


class RefundTooLarge(Conflict):
    """That is more than is left of the payment, or of its credits."""

    code = "refund-too-large"


class ProviderDeclined(Conflict):
    """The payment provider said no."""

    code = "provider-declined"


class CardDeclined(Conflict):
    """The bank of the saved card said no."""

    code = "card-declined"


class RateCardEmpty(Conflict):
    """A rate card is published with prices only."""

    code = "rate-card-empty"


class BackTestRefused(Conflict):
    """This cannot be back-tested."""

    code = "back-test-refused"


class RateCardOpen(Conflict):
    """A rate card is published with all of its prices filled in."""

    code = "rate-card-open"


class FeeTooLarge(Conflict):
    """A fee that is kept of a refund is smaller than the refund."""

    code = "fee-too-large"


class NothingToDispute(Conflict):
    """Nothing of the payment is left to be disputed."""

    code = "nothing-to-dispute"


class LotIsPaid(Conflict):
    """What was paid for is not void: money came for it."""

    code = "lot-is-paid"


class LotHasEnded(Conflict):
    """The lot has expired or is used up, or nobody paid for it."""

    code = "lot-has-ended"


class NotExpired(Conflict):
    """Less than that has expired of the lot."""

    code = "not-expired"


class NoOpenPaidLot(Conflict):
    """There is no open paid lot whose price the credits could share."""

    code = "no-open-paid-lot"


class NoExtension(Conflict):
    """The lot expires later already."""

    code = "no-extension"


class GraceIsOver(Conflict):
    """It expired too long ago to be reinstated."""

    code = "grace-is-over"


class NotEscheatable(Conflict):
    """Nobody paid for these credits: no state may claim them."""

    code = "not-escheatable"


class AlreadySettled(Conflict):
    """This unclaimed property was remitted or returned before."""

    code = "already-settled"


class CurrencyMismatch(Conflict):
    """The amounts are of different currencies."""

    code = "currency-mismatch"


class RateMissing(Conflict):
    """An exchange rate is missing."""

    code = "rate-missing"


class PartnerTermsOverlap(Conflict):
    """Terms of this endpoint hold at that time already."""

    code = "partner-terms-overlap"


class PartnerTermsOver(Conflict):
    """These terms have ended."""

    code = "partner-terms-over"


class PayoutExceedsOwed(Conflict):
    """A payout is more than the partner is owed."""

    code = "payout-exceeds-owed"


class PayoutReferenceTaken(Conflict):
    """Another payout to the partner has this reference."""

    code = "payout-reference-taken"


class PeriodClosed(Conflict):
    """The day is in a closed month."""

    code = "period-closed"


class PostingInFuture(Conflict):
    """The day is still to come."""

    code = "posting-in-future"


class PeriodNotOver(Conflict):
    """The month is not over yet."""

    code = "period-not-over"


class PeriodNotClosed(Conflict):
    """The month is not closed, or a later one is."""

    code = "period-not-closed"


class CloseOutOfOrder(Conflict):
    """Months are closed in their order, and so are the steps of a close."""

    code = "close-out-of-order"


class TieOutFailed(Conflict):
    """The close stopped at what does not tie."""

    code = "tie-out-failed"


class EstimateOutOfRange(Conflict):
    """An estimate is from 0 to 100 per cent of what was sold."""

    code = "estimate-out-of-range"


class PartnerTermsInPast(Conflict):
    """Terms hold from today on at the earliest."""

    code = "partner-terms-in-past"


class PartnerShareOutOfRange(Conflict):
    """A share is per cent up to 100, or credits above zero."""

    code = "partner-share-out-of-range"


class NoSuchCohort(Conflict):
    """There is no open cohort of that name."""

    code = "no-such-cohort"


class UnbalancedJournal(Conflict):
    """The journal does not sum to zero."""

    code = "unbalanced-journal"


class AmountTooPrecise(Conflict):
    """The accounting system takes fewer decimals than the currency has."""

    code = "amount-too-precise"


class AmountTooLarge(Conflict):
    """The accounting system takes no amount of so many digits."""

    code = "amount-too-large"


class TooManyLines(Conflict):
    """A journal has more lines than the accounting system takes in one file."""

    code = "too-many-lines"


class RateCardNotPublished(Conflict):
    """This takes a published rate card that is not retired."""

    code = "rate-card-not-published"


class RateCardClashes(Conflict):
    """Two cards of the same customers begin at the same instant."""

    code = "rate-card-clashes"


class RateCardLacksEndpoints(Conflict):
    """The rate card leaves out what is sold before it."""

    code = "rate-card-lacks-endpoints"


class RateCardNeeded(Conflict):
    """No other rate card would be in force."""

    code = "rate-card-needed"


class RateCardNotPinnable(Conflict):
    """A customer is pinned to a card that is, or was, in force."""

    code = "rate-card-not-pinnable"


class PinOverlaps(Conflict):
    """The customer is pinned to another rate card already."""

    code = "pin-overlaps"


class RateCardPublished(Conflict):
    """A published rate card is not changed; make a new one."""

    code = "rate-card-published"


class RequestTooLarge(Problem):
    """The body is longer than this service reads."""

    code = "request-too-large"


class UnsupportedMediaType(Problem):
    """This address takes CloudEvents, and its Content-Type says so."""

    code = "unsupported-media-type"


class IdempotencyKeyReused(Unprocessable):
    """This idempotency key was used with another request."""

    code = "idempotency-key-reused"


class UnknownEndpoint(Unprocessable):
    """The rate card in force has no such endpoint."""

    code = "unknown-endpoint"


class UnknownQuantity(Unprocessable):
    """The endpoint is not priced by this quantity."""

    code = "unknown-quantity"


class ExtensionTooLong(Unprocessable):
    """A hold lasts at most 7 days after it was made."""

    code = "extension-too-long"


class AmountExceedsReservation(Unprocessable):
    """More was to be committed than is held."""

    code = "amount-exceeds-reservation"


class AmountExceedsLease(Unprocessable):
    """More was to be settled than the lease has."""

    code = "amount-exceeds-lease"


class RateLimited(TooManyRequests):
    """Too many calls, or too many open holds; limit and quota name it."""

    code = "rate-limited"


class InternalError(ServerProblem):
    """A fault of this service. The same request may be sent again."""

    code = "internal-error"


class ProviderFailed(ServerProblem):
    """The payment provider does not answer, or not as it should."""

    code = "provider-failed"


class PaymentUnavailable(ServerProblem):
    """Nothing can be bought here: no payment provider is set up."""

    code = "payment-unavailable"


class Unavailable(ServerProblem):
    """The service cannot answer now. The same request may be sent again."""

    code = "unavailable"


CLASSES: Final[dict[str, type[Problem]]] = {
    each.code: each
    for each in globals().copy().values()
    if isinstance(each, type) and issubclass(each, Problem) and each.code
}
BY_STATUS: Final[dict[int, type[Problem]]] = {
    400: BadRequest,
    401: Unauthenticated,
    402: PaymentRequired,
    403: AccessDenied,
    404: Missing,
    409: Conflict,
    422: Unprocessable,
    429: TooManyRequests,
}


def problem(status: int, body: object, headers: dict[str, str]) -> Problem:
    """Of a type that is newer than this client: by its status."""
    told = body if isinstance(body, dict) else {}
    code = str(told.get("type", "")).rpartition("/")[2]
    by_status = BY_STATUS.get(status, ServerProblem if status >= 500 else Problem)
    return CLASSES.get(code, by_status)(status, told, headers)
