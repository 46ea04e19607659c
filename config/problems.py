"""Every kind of refusal that the API answers with: its HTTP status, and what it means.

Its name is the last part of the problem's `type`, and its page is what one finds there.
"""

from http import HTTPStatus
from typing import NamedTuple


class Problem(NamedTuple):
    status: HTTPStatus
    meaning: str


_PROBLEMS = {
    HTTPStatus.BAD_REQUEST: {
        "invalid-request": "A field is missing or wrong; errors names each of them.",
        "malformed-amount": "An amount is a decimal string with at most six places.",
        "malformed-json": "The body is no JSON that this service reads.",
        "event-too-old": "A usage event is reported within 30 days after its time.",
        "event-in-future": "A usage event tells of what was done, and its time is still to come.",
        "event-dismissed": "A usage event that was refused, and that staff dismissed since.",
        "malformed-request": "This is no HTTP request, or its body did not come as declared.",
        "malformed-money": "This is no amount of money in a currency that is known.",
        "idempotency-key-missing": "Every write takes an Idempotency-Key header.",
        "idempotency-key-malformed": "An idempotency key has 1 to 255 printable characters.",
        "too-many-operations": "A batch has 1 to 1,000 operations.",
        "expiry-in-past": "What is granted now cannot have expired before.",
        "price-missing": "Paid credits need a price above zero, and its currency.",
        "price-not-allowed": "Only paid credits have a price.",
        "unknown-kind": "A lot is paid, bonus, promo, goodwill or adjustment.",
        "webhook-refused": "A payment provider's event is signed, and not old.",
        "webhook-address-refused": "Webhooks go to public addresses only, by HTTPS.",
        "price-malformed": "A price or one of its tiers cannot be as it was written.",
        "pin-over": "What a customer is pinned until has passed already.",
        "unknown-cause": "Credits are taken away for a cause, and this is none of them.",
    },
    HTTPStatus.UNAUTHORIZED: {
        "unauthorized": "The Authorization header carries no key that is accepted.",
    },
    HTTPStatus.PAYMENT_REQUIRED: {
        "spend-cap-reached": "A spend cap leaves no room for it; cap, limit and used name it.",
        "insufficient-credits": "The customer has fewer credits available than this takes.",
    },
    HTTPStatus.FORBIDDEN: {
        "forbidden": "This key may not do this; it may lack a scope.",
        "customer-suspended": "The customer is suspended and reserves nothing.",
        "key-invalid": "The customer's key is unknown or mistyped.",
        "key-revoked": "The customer's key was revoked.",
        "key-expired": "The customer's key has expired.",
        "key-suspended": "The key is suspended, or all of a customer's that owes a payment.",
        "endpoint-not-allowed": "The customer's key does not pay for this endpoint.",
        "address-not-allowed": "The customer's key is not used from this address.",
    },
    HTTPStatus.NOT_FOUND: {
        "not-found": "There is no such object, or it is another customer's.",
    },
    HTTPStatus.METHOD_NOT_ALLOWED: {
        "method-not-allowed": "This address does not take this method.",
    },
    HTTPStatus.NOT_ACCEPTABLE: {
        "not-acceptable": "Answers are JSON, which the Accept header leaves out.",
    },
    HTTPStatus.CONFLICT: {
        "request-in-progress": "The first request with this key still runs; ask again soon.",
        "key-ended": "The key is revoked, has expired or was rotated before.",
        "sandbox-only": "This is for sandboxes only.",
        "not-in-a-sandbox": "No money moves in a sandbox.",
        "external-id-taken": "Another customer has this external_id.",
        "reservation-held": "The reservation is still held.",
        "reservation-committed": "The reservation was committed before.",
        "reservation-released": "The reservation was released before.",
        "reservation-expired": "The reservation has expired.",
        "reservation-reversed": "The reservation was reversed before.",
        "lease-impossible": "This customer or key has limits that a lease could not keep.",
        "lease-sequence-gap": "Settlements of a lease are numbered without a gap.",
        "lease-expired": "The lease has expired, and its grace is over.",
        "lease-ended": "The lease was ended before.",
        "not-frozen": "Fewer credits than that are frozen.",
        "balance-too-large": "A wallet holds at most 4 million million credits.",
        "cap-below-spent": "More than this cap is spent or held already.",
        "clock-not-moved": "Only the clock of a test wallet is moved, and only ahead.",
        "credit-limit-in-use": "The customer owes more than this credit limit already.",
        "pack-unavailable": "The pack is not on sale, or not to this customer or in this currency.",
        "place-missing": "Tax depends on the buyer's country, which is not known yet.",
        "too-many-open-purchases": "Too many purchases of the customer wait for payment.",
        "adjustment-refused": "Credits cannot be adjusted so; errors says what is wrong.",
        "adjustment-changed": "The adjustment would come to something else than was seen.",
        "adjustment-not-to-decide": "It is not to be decided now, or not by this person.",
        "threshold-exists": "The customer has such a threshold already.",
        "too-many-thresholds": "A customer has ten thresholds at most.",
        "too-many-webhook-endpoints": "A company has at most ten webhook endpoints.",
        "webhook-secret-is-rotating": "The secret before this one still signs webhooks.",
        "top-up-refused": "An automatic top-up cannot be agreed to on these terms.",
        "plan-refused": "These settings make no plan.",
        "plan-unavailable": "The plan is not on offer, or not to this customer.",
        "plan-in-use": "A plan that was published stays as it is.",
        "has-subscription": "The customer has a plan already.",
        "no-subscription": "The customer has no plan any more.",
        "plan-taken": "The plan lasts for a time, and the customer has had it.",
        "plan-change-refused": "The plan cannot be changed so, or not now.",
        "card-missing": "The plan needs a saved card that can be charged.",
        "invoice-unpaid": "An invoice of the customer could not be charged and is not paid yet.",
        "nothing-to-pay": "The invoice is paid, or is being charged just now.",
        "nothing-to-refund": "None of the purchase's credits are unused and free.",
        "refund-window-over": "A purchase can be refunded for some days only.",
        "refund-too-large": "That is more than is left of the payment, or of its credits.",
        "provider-declined": "The payment provider said no.",
        "card-declined": "The bank of the saved card said no.",
        "rate-card-empty": "A rate card is published with prices only.",
        "back-test-refused": "This cannot be back-tested.",
        "rate-card-open": "A rate card is published with all of its prices filled in.",
        "fee-too-large": "A fee that is kept of a refund is smaller than the refund.",
        "nothing-to-dispute": "Nothing of the payment is left to be disputed.",
        "lot-is-paid": "What was paid for is not void: money came for it.",
        "lot-has-ended": "The lot has expired or is used up, or nobody paid for it.",
        "not-expired": "Less than that has expired of the lot.",
        "no-open-paid-lot": "There is no open paid lot whose price the credits could share.",
        "no-extension": "The lot expires later already.",
        "grace-is-over": "It expired too long ago to be reinstated.",
        "not-escheatable": "Nobody paid for these credits: no state may claim them.",
        "already-settled": "This unclaimed property was remitted or returned before.",
        "currency-mismatch": "The amounts are of different currencies.",
        "rate-missing": "An exchange rate is missing.",
        "partner-terms-overlap": "Terms of this endpoint hold at that time already.",
        "partner-terms-over": "These terms have ended.",
        "payout-exceeds-owed": "A payout is more than the partner is owed.",
        "payout-reference-taken": "Another payout to the partner has this reference.",
        "period-closed": "The day is in a closed month.",
        "posting-in-future": "The day is still to come.",
        "period-not-over": "The month is not over yet.",
        "period-not-closed": "The month is not closed, or a later one is.",
        "close-out-of-order": "Months are closed in their order, and so are the steps of a close.",
        "tie-out-failed": "The close stopped at what does not tie.",
        "estimate-out-of-range": "An estimate is from 0 to 100 per cent of what was sold.",
        "partner-terms-in-past": "Terms hold from today on at the earliest.",
        "partner-share-out-of-range": "A share is per cent up to 100, or credits above zero.",
        "no-such-cohort": "There is no open cohort of that name.",
        "unbalanced-journal": "The journal does not sum to zero.",
        "amount-too-precise": "The accounting system takes fewer decimals than the currency has.",
        "amount-too-large": "The accounting system takes no amount of so many digits.",
        "too-many-lines": "A journal has more lines than the accounting system takes in one file.",
        "rate-card-not-published": "This takes a published rate card that is not retired.",
        "rate-card-clashes": "Two cards of the same customers begin at the same instant.",
        "rate-card-lacks-endpoints": "The rate card leaves out what is sold before it.",
        "rate-card-needed": "No other rate card would be in force.",
        "rate-card-not-pinnable": "A customer is pinned to a card that is, or was, in force.",
        "pin-overlaps": "The customer is pinned to another rate card already.",
        "rate-card-published": "A published rate card is not changed; make a new one.",
    },
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {
        "request-too-large": "The body is longer than this service reads.",
    },
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: {
        "unsupported-media-type": "This address takes CloudEvents, and its Content-Type says so.",
    },
    HTTPStatus.UNPROCESSABLE_ENTITY: {
        "idempotency-key-reused": "This idempotency key was used with another request.",
        "unknown-endpoint": "The rate card in force has no such endpoint.",
        "unknown-quantity": "The endpoint is not priced by this quantity.",
        "extension-too-long": "A hold lasts at most 7 days after it was made.",
        "amount-exceeds-reservation": "More was to be committed than is held.",
        "amount-exceeds-lease": "More was to be settled than the lease has.",
    },
    HTTPStatus.TOO_MANY_REQUESTS: {
        "rate-limited": "Too many calls, or too many open holds; limit and quota name it.",
    },
    HTTPStatus.INTERNAL_SERVER_ERROR: {
        "internal-error": "A fault of this service. The same request may be sent again.",
    },
    HTTPStatus.BAD_GATEWAY: {
        "provider-failed": "The payment provider does not answer, or not as it should.",
    },
    HTTPStatus.SERVICE_UNAVAILABLE: {
        "payment-unavailable": "Nothing can be bought here: no payment provider is set up.",
        "unavailable": "The service cannot answer now. The same request may be sent again.",
    },
}

PROBLEMS = {
    code: Problem(status, meaning)
    for status, meanings in _PROBLEMS.items()
    for code, meaning in meanings.items()
}


def title(code: str) -> str:
    return code.replace("-", " ").capitalize().replace("json", "JSON")


def may_succeed_later(code: str) -> bool:
    """Whether the same request, sent again unchanged, may get another answer."""
    return (
        code in ("request-in-progress", "rate-limited")
        or PROBLEMS[code].status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
