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
    "event-too-old": "Nothing was charged. Post work that is older as a debit or an invoice, where "
    "that is agreed with the customer.",
    "event-in-future": "Look at the clock of the machine that made the event, and send it again "
    "when its time has come.",
    "event-dismissed": "Nothing was charged, and never will be for it: send it no more.",
    "unsupported-media-type": "Send one event as application/cloudevents+json, a list of them as "
    "application/cloudevents-batch+json, or the data as application/json with ce-* headers.",
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
    "spend-cap-reached": "Refuse the call: used is what the cap has counted, and resets_at when it "
    "begins anew (null: never). Buying credits does not help. Who set the cap may raise it: the "
    "provider, or the customer its own in the portal.",
    "rate-limited": "Wait as long as Retry-After says, and send the same request again with its "
    "key. For limit holds, settle or release what is open.",
    "cap-below-spent": "Give a cap of at least what used says, or wait until its window ends.",
    "clock-not-moved": "Name a sandbox customer, and a time that is ahead.",
    "forbidden": "Use a service key with the scope that the detail names. Customers' own keys "
    "only read.",
    "customer-suspended": "Refuse the call. Open holds can still be settled. Staff resume the "
    "customer in the admin.",
    "key-invalid": "Refuse the call, and ask the end customer to copy the key again.",
    "key-revoked": "Refuse the call. The end customer needs another key.",
    "key-expired": "Refuse the call. The end customer needs another key.",
    "key-suspended": "Refuse the call, and show the detail. Where a payment is owed, lead the "
    "customer to top_up_url: an owner buys credits there, or gives the automatic top-up another "
    "card, and the keys work again by themselves. A key that was suspended by itself is resumed "
    "in the portal, under Keys.",
    "endpoint-not-allowed": "Refuse the call. The end customer takes another key, or allows the "
    "endpoint to this one in the portal, under Keys.",
    "address-not-allowed": "Send the end customer's own IP as address, not that of your gateway. "
    "Where it was sent, refuse the call: the key is for other networks.",
    "key-ended": "Make another key, or take the one that took its place.",
    "sandbox-only": "Make a test key for the customer, and name the customer which that key has.",
    "not-in-a-sandbox": "Do it for the customer whose sandbox it is. A sandbox is refilled at "
    "POST /v1/customers/{id}/sandbox/refill.",
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
    "lease-impossible": "Reserve for each call instead.",
    "lease-sequence-gap": "Send the settlement with the expected number first. If another process "
    "settles this lease too, take one for each process.",
    "lease-expired": "Report what it was spent on as usage events, and take a new lease.",
    "lease-ended": "Report what it was spent on since as usage events, and take a new lease.",
    "not-frozen": "Unfreeze no more than the wallet's frozen credits.",
    "balance-too-large": "Grant, move or give back less: no wallet needs that many credits.",
    "credit-limit-in-use": "Set a limit of at least what is owed, or add credits first.",
    "pack-unavailable": "Choose one of the packs that the buy page lists.",
    "place-missing": "Say the country under billing details, and the region where tax needs it.",
    "too-many-open-purchases": "Pay or cancel one of them; what nobody pays ends within a day.",
    "adjustment-refused": "Correct the fields that errors names, and propose it again.",
    "adjustment-changed": "Look at what it comes to now, and confirm that.",
    "adjustment-not-to-decide": "Somebody else decides it, within 7 days; or propose it again.",
    "threshold-exists": "Nothing is to be done: it is watched.",
    "too-many-thresholds": "Change or remove one of them first.",
    "too-many-webhook-endpoints": "Remove one that is not needed any more, in the portal.",
    "webhook-secret-is-rotating": "Wait until it ends, or end it at once, on the endpoint's page.",
    "top-up-refused": "Correct what the detail names: a target above the threshold, a limit that "
    "allows one charge, a saved card that was not declined.",
    "plan-refused": "Correct the field that the detail names; nothing was saved.",
    "plan-unavailable": "Choose one of the plans on offer.",
    "plan-in-use": "Make a new version of it, change that, and publish it. Customers stay on "
    "theirs until they are moved.",
    "has-subscription": "Change the plan of the subscription that there is.",
    "no-subscription": "Start a plan.",
    "plan-taken": "Choose another plan.",
    "plan-change-refused": "Let the plan begin with the next period, or wait until the day that "
    "the detail names.",
    "card-missing": "Choose a saved card, or pay for a purchase or an invoice and let the card be "
    "kept.",
    "invoice-unpaid": "Pay the invoice in the portal (Purchases, Plan), then choose again.",
    "nothing-to-pay": "Look at the invoice again in a moment.",
    "nothing-to-refund": "What was spent, is held or has expired cannot be given back. Credits of "
    "open holds are free again when those end.",
    "refund-window-over": "Ask the seller, who may refund later too.",
    "refund-too-large": "Refund fewer credits, or all that are unused.",
    "card-declined": "Pay with another card, or ask the bank of this one.",
    "provider-declined": "Read the detail; the same request would be declined again.",
    "price-malformed": "Correct what the detail names: credits have six decimal places at most and "
    "are not below zero, tiers ascend and the last one has no end.",
    "pin-over": "Give an instant to come, or none for a pin without an end.",
    "rate-card-not-published": "Publish the card first, or take another one.",
    "rate-card-clashes": "Give the card another date, or retire the other card.",
    "rate-card-lacks-endpoints": "Give the endpoints a price, or say that they are withdrawn.",
    "rate-card-needed": "Publish the card that comes after it first.",
    "rate-card-not-pinnable": "Take a published card whose date has come, of a group or everyone.",
    "pin-overlaps": "End the pin that the customer has, and pin it then.",
    "rate-card-empty": "Give the card its prices, and publish it then.",
    "back-test-refused": "Take a card with prices, and 1 to 366 days.",
    "rate-card-open": "Give the endpoints their prices on the draft, or take them off it.",
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
    "partner-terms-overlap": "End the terms that are named first, or begin after them.",
    "partner-terms-over": "Agree to new terms.",
    "payout-exceeds-owed": "Record what is owed, or say that more is meant.",
    "payout-reference-taken": "Give the other transfer its own reference.",
    "period-closed": "Post it for today: what is late counts for the open month, and keeps its own "
    "date beside it.",
    "posting-in-future": "Post it for today, or for an open day before.",
    "period-not-over": "Close it when it is.",
    "period-not-closed": "Reopen the last closed month only, with a reason and an approver.",
    "close-out-of-order": "Close the month that is named first.",
    "tie-out-failed": "Look at the rows on the month's page, mend their cause, and close it again.",
    "estimate-out-of-range": "Give a part of the whole, such as 12.5 %.",
    "partner-terms-in-past": "Begin today or later: what was accrued stays as it is.",
    "partner-share-out-of-range": "Give one of the two: per cent from 0 to 100, or credits.",
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
    "amount-exceeds-lease": "Report what is beyond the lease as usage events. A lease is spent "
    "up to its amount, at the prices of GET /v1/endpoints.",
    "amount-exceeds-reservation": "Commit no more than is held, or reserve with overrun cap or "
    "available.",
    "provider-failed": "Ask again in a while: it is done once.",
    "payment-unavailable": "Name a provider in PAYMENT_PROVIDERS; docs/operating.md says how.",
    "internal-error": "Send the same request again, with its key: it is done once. If it fails "
    "again, tell the operator the request_id.",
    "unavailable": "Wait as long as Retry-After says, and send the same request again with its "
    "key.",
}
