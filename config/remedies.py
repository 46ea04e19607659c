"""What to do about each problem, for its page."""

from collections.abc import Mapping
from typing import Final

_AS_IT_ENDED: Final = (
    "Nothing was changed. Read how it ended in current; the first settlement counts."
)

REMEDIES: Final[Mapping[str, str]] = {
    "invalid-request": "Correct the fields that errors names, and send the request again.",
    "malformed-amount": 'Send credits as a decimal string such as "12.5", or as an integer: no '
    "exponent, no sign, at most six decimal places.",
    "malformed-json": "Send one JSON value in UTF-8, as RFC 8259 has it: no NaN, no comments.",
    "malformed-request": "Look at what your client, or a proxy on the way, really sends: the "
    "method, one Content-Length or Transfer-Encoding, and as many bytes as it says.",
    "malformed-money": 'Send money as {"amount": "25.00", "currency": "USD"}, with an ISO 4217 '
    "code and no more decimal places than the currency has.",
    "idempotency-key-missing": "Make a key for what you want done, a UUIDv7 at best, and send it "
    "as Idempotency-Key; in a batch, as idempotency_key of each operation. When you do not know "
    "whether a request arrived, send it again with its key.",
    "idempotency-key-malformed": "Use 1 to 255 printable ASCII characters, bare or in double "
    "quotes.",
    "too-many-operations": "Split the batch. Keys make it safe to send any part again.",
    "expiry-in-past": "Give an instant to come, or leave expires_at out for credits that do not "
    "expire.",
    "price-missing": "Say what was paid for all of the credits, net of tax, as price.",
    "price-not-allowed": "Leave price out, or grant the credits as paid.",
    "unknown-kind": "Grant promo, goodwill or paid credits.",
    "unknown-cause": "Name one: void, forfeit, refund or escheat.",
    "webhook-refused": "Give this service the signing secret of this webhook at the provider, and "
    "look at the clock of its machine: an event is five minutes old at most.",
    "webhook-address-refused": "Give an address that begins with https:// and whose name leads to "
    "public addresses only.",
    "unauthorized": "Send Authorization: Bearer KEY with a key that is neither mistyped, revoked "
    "nor expired. Staff make service keys in the admin.",
    "insufficient-credits": "Refuse the call that the credits were for, and lead the customer to "
    "top_up_url: shortfall says how much is missing. After that the same request with the same "
    "key succeeds.",
    "forbidden": "Use a service key with the scope that the detail names. Customers' own keys "
    "only read.",
    "customer-suspended": "Refuse the call. Open holds can still be settled. Staff resume the "
    "customer in the admin.",
    "key-invalid": "Refuse the call, and ask the end customer to copy the key again.",
    "key-revoked": "Refuse the call. The end customer needs another key.",
    "key-expired": "Refuse the call. The end customer needs another key.",
    "key-suspended": "Refuse the call, and lead the customer to top_up_url. An owner buys credits "
    "there, or gives the automatic top-up another card; then the keys work again by themselves.",
    "not-found": "Check the id, and that it is of the customer whose key asks. Ids are copied "
    "whole, in lower case.",
    "method-not-allowed": "Use a method that the Allow header names.",
    "not-acceptable": "Send Accept: application/json, or no Accept header.",
    "request-in-progress": "Wait as long as Retry-After says, and send the same request again.",
    "external-id-taken": "Look up the customer that has it, or give another external_id.",
    "reservation-held": "Release it instead: nothing of it has been committed.",
    "reservation-committed": _AS_IT_ENDED,
    "reservation-released": _AS_IT_ENDED,
    "reservation-expired": "Its credits are free again. Extend a hold before its time is up when "
    "the work takes longer, or debit what was used.",
    "reservation-reversed": _AS_IT_ENDED,
    "not-frozen": "Unfreeze no more than the wallet's frozen credits.",
    "balance-too-large": "Grant, move or give back less: no wallet needs that many credits.",
    "credit-limit-in-use": "Set a limit of at least what is owed, or add credits first.",
    "pack-unavailable": "Choose one of the packs that the buy page lists.",
    "place-missing": "Say the country under billing details, and the region where tax needs it.",
    "too-many-open-purchases": "Pay or cancel one of them; what nobody pays ends within a day.",
    "threshold-exists": "Nothing is to be done: it is watched.",
    "too-many-thresholds": "Change or remove one of them first.",
    "too-many-webhook-endpoints": "Remove one that is not needed any more, in the portal.",
    "webhook-secret-is-rotating": "Wait until it ends, or end it at once, on the endpoint's page.",
    "top-up-refused": "Correct what the detail names: a target above the threshold, a limit that "
    "allows one charge, a saved card that was not declined.",
    "nothing-to-refund": "What was spent, is held or has expired cannot be given back. Credits of "
    "open holds are free again when those end.",
    "refund-window-over": "Ask the seller, who may refund later too.",
    "refund-too-large": "Refund fewer credits, or all that are unused.",
    "card-declined": "Pay with another card, or ask the bank of this one.",
    "provider-declined": "Read the detail; the same request would be declined again.",
    "rate-card-empty": "Give the card its prices, and publish it then.",
    "fee-too-large": "Keep a smaller fee, or refund more.",
    "nothing-to-dispute": "Look at what was refunded and disputed of it before.",
    "lot-is-paid": "Refund it, or let it be forfeited where the terms say so.",
    "lot-has-ended": "Reinstate what has expired; else give credits as goodwill.",
    "not-expired": "Reinstate no more than has expired.",
    "no-open-paid-lot": "Give them as a lot of their own: the policy says which way goodwill goes.",
    "no-extension": "Give a day after that on which it expires now.",
    "grace-is-over": "Give credits as goodwill instead, or lengthen the grace in the policy.",
    "not-escheatable": "Let them expire, or void them.",
    "already-settled": "Look at its line in the register.",
    "currency-mismatch": "Give amounts in the currency of the purchase.",
    "rate-missing": "Enter the rate that is named, in the admin.",
    "period-closed": "Post it for today: what is late counts for the open month, and keeps its own "
    "date beside it.",
    "posting-in-future": "Post it for today, or for an open day before.",
    "period-not-over": "Close it when it is.",
    "period-not-closed": "Reopen the last closed month only, with a reason and an approver.",
    "close-out-of-order": "Close the month that is named first.",
    "tie-out-failed": "Look at the rows on the month's page, mend their cause, and close it again.",
    "estimate-out-of-range": "Give a part of the whole, such as 12.5 %.",
    "no-such-cohort": "Read the open ones on the page of estimates.",
    "unbalanced-journal": "Close the month, and look at the tie-outs: they name what breaks it.",
    "amount-too-precise": "Export to another, or enter this journal by hand.",
    "amount-too-large": "Enter this journal by hand.",
    "too-many-lines": "Give several accounts one name there, so that their lines are one.",
    "rate-card-published": "Make a card with a later date, and publish that one.",
    "request-too-large": "Send less at once; a batch can be split.",
    "idempotency-key-reused": "Make a new key for a new request. To repeat a request, send it "
    "unchanged: method, path and JSON.",
    "unknown-endpoint": "Read what there is at GET /v1/endpoints, or publish a rate card that has "
    "it.",
    "unknown-quantity": "Read the name of the endpoint's quantity at GET /v1/endpoints.",
    "extension-too-long": "Extend to at most 7 days after the hold was made; for longer work, "
    "settle it and reserve anew.",
    "amount-exceeds-reservation": "Commit no more than is held, or reserve with overrun cap or "
    "available.",
    "provider-failed": "Ask again in a while: it is done once.",
    "payment-unavailable": "Name a provider in PAYMENT_PROVIDERS; docs/operating.md says how.",
    "internal-error": "Send the same request again, with its key: it is done once. If it fails "
    "again, tell the operator the request_id.",
    "unavailable": "Wait as long as Retry-After says, and send the same request again with its "
    "key.",
}
