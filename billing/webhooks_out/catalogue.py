"""The types of events that customers can be told of, each with a sentence and an example.

A type names its fields and how each is shown: what the ledger tells beside them stays inside. The
examples are events of ours as they would be sent, so that they cannot differ from what is.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from accounts import ids
from billing.models.payments import REFUND
from billing.models.plans import INVOICE, SUBSCRIPTION
from billing.models.purchases import PURCHASE
from billing.webhooks_out.fields import (
    Show,
    credits,
    id_of,
    instant,
    limited,
    lot,
    paid,
    purpose,
    reservation,
    subject,
    text,
    threshold,
    transaction,
)
from ledger.ids import LOT
from ledger.outbox import Event

DISPUTE: Final = "dsp"


class EventType(NamedTuple):
    name: str
    sentence: str
    fields: Mapping[str, Show]
    subject: str | None = None
    data: Mapping[str, Any] = {}  # of the example

    @property
    def example(self) -> Event:
        return Event(_CUSTOMER, _EVENT, self.name, self.subject, dict(self.data), _AT)


_CUSTOMER: Final = UUID("019aa6f0c1f07d2e8a3b5c6d7e8f9012")
_EVENT: Final = UUID("019aa7415b0f7c4d9e2f3a4b5c6d7e8f")
_SUBJECT: Final = "019aa741-0a1b-7c2d-8e3f-4a5b6c7d8e9f"
_OTHER: Final = "019aa741-1122-7334-8556-677889900aab"
_AT: Final = datetime.fromisoformat("2026-11-21T09:30:00.250000+00:00")


_BALANCE: Final[Mapping[str, Show]] = {
    "purpose": purpose,
    "threshold": threshold,
    "level": credits("level"),
    "available": credits("available"),
}
_PURCHASE: Final[Mapping[str, Show]] = {
    "purchase": subject(PURCHASE),
    "amount": paid,
    "credits": credits("credits"),
    "pack": text("pack"),
}
_REFUND: Final[Mapping[str, Show]] = {
    "purchase": subject(PURCHASE),
    "refund": id_of(REFUND, "refund"),
    "amount": paid,
    "credits": credits("credits"),
    "reason": text("reason"),
}
_DISPUTE: Final[Mapping[str, Show]] = {
    "dispute": subject(DISPUTE),
    "purchase": id_of(PURCHASE, "purchase"),
    "amount": paid,
    "credits": credits("credits"),
    "reason": text("reason"),
}
# Told in its outside form.
_TOP_UP: Final[Mapping[str, Show]] = {
    "purchase": text("purchase"),
    "amount": text("amount"),
    "credits": text("credits"),
    "declines": text("declines"),
    "cap": text("cap"),
    "reason": text("reason"),
}
_SUBSCRIPTION: Final[Mapping[str, Show]] = {
    "subscription": subject(SUBSCRIPTION),
    "plan": text("plan"),
    "version": text("version"),
    "period_start": instant("period_start"),
    "period_end": instant("period_end"),
}
_INVOICE: Final[Mapping[str, Show]] = {
    "invoice": subject(INVOICE),
    "number": text("number"),
    "subscription": text("subscription"),
    "amount": paid,
}
_KEY: Final[Mapping[str, Show]] = {
    "key": subject(ids.KEY),
    "name": text("name"),
    "prefix": text("prefix"),
}
_CAP: Final[Mapping[str, Show]] = {
    "scope": text("scope"),
    "subject": limited,
    "period": text("period"),
    "limit": credits("limit"),
    "used": credits("used"),
    "resets_at": instant("resets_at"),
    "source": text("source"),
}
_SUSPENSION: Final[Mapping[str, Show]] = {"reason": text("reason")}

_LOW: Final = {
    "purpose": "alert",
    "basis": "percent",
    "value": 80,
    "level": 200_000_000,
    "available": 199_500_000,
}
_BOUGHT: Final = {
    "amount": 2500,
    "currency": "USD",
    "credits": 1_000_000_000,
    "pack": "starter",
}
_RETURNED: Final = {"refund": _OTHER, "amount": 1250, "currency": "USD", "credits": 500_000_000}
_DISPUTED: Final = {
    "purchase": _OTHER,
    "amount": 2500,
    "currency": "USD",
    "credits": 640_000_000,
    "reason": "fraudulent",
}
_TOPPED_UP: Final = {
    "purchase": "pur_019aa741112273348556677889900aab",
    "amount": {"amount": "25.00", "currency": "USD"},
    "credits": "1000",
}
_ON_A_PLAN: Final = {
    "plan": "pro",
    "version": 2,
    "period_start": "2026-11-10T00:00:00+00:00",
    "period_end": "2026-12-10T00:00:00+00:00",
}
_INVOICED: Final = {
    "number": "I-000042",
    "subscription": "sub_019aa741112273348556677889900aab",
    "amount": 6000,
    "currency": "USD",
}
_CAPPED: Final = {
    "source": "customer",
    "scope": "key",
    "subject": _SUBJECT,
    "period": "day",
    "limit": 400_000_000,
    "used": 401_500_000,
    "resets_at": "2026-11-22T00:00:00+00:00",
}
_OWED: Final = {"reason": "payment_owed"}
_A_KEY: Final = {"name": "production", "prefix": "ddk_7Hq2LmZp"}


TYPES: Final = (
    EventType(
        "balance.low",
        "The available balance has fallen to a threshold that you watch.",
        _BALANCE,
        _SUBJECT,
        _LOW,
    ),
    EventType(
        "balance.recovered",
        "The available balance is well above a threshold again that you watch (purpose is alert),"
        " or there are credits again after balance.exhausted (purpose is exhausted).",
        _BALANCE,
        _SUBJECT,
        _LOW | {"available": 1_199_500_000},
    ),
    EventType(
        "balance.exhausted",
        "Nothing is left, or less than a call asked for.",
        {"available": credits("available"), "required": credits("required")},
        None,
        {"available": 1_500_000, "required": 4_000_000},
    ),
    EventType(
        "credits.added",
        "Credits were added: bought, granted, moved here or given back.",
        {
            "lot": lot,
            "transaction": transaction,
            "amount": credits("amount"),
            "kind": text("kind"),
        },
        _SUBJECT,
        {"amount": 1_000_000_000, "kind": "paid", "transaction": _OTHER},
    ),
    EventType(
        "lot.expiring",
        "Credits will expire soon unless they are used.",
        {
            "lot": subject(LOT),
            "amount": credits("amount"),
            "expires_at": instant("expires_at"),
            "days": text("days"),
        },
        _SUBJECT,
        {"amount": 320_000_000, "expires_at": "2026-11-28T09:30:00+00:00", "days": 7},
    ),
    EventType(
        "lot.expired",
        "Credits have expired unused.",
        {"lot": subject(LOT), "amount": credits("amount")},
        _SUBJECT,
        {"amount": 12_500_000},
    ),
    EventType(
        "lot.redated",
        "Credits expire at another time than before.",
        {
            "lot": subject(LOT),
            "from": instant("from"),
            "to": instant("to"),
            "reason": text("reason"),
        },
        _SUBJECT,
        {
            "from": "2026-11-28T09:30:00+00:00",
            "to": "2026-12-28T09:30:00+00:00",
            "reason": "Extended on request",
        },
    ),
    EventType(
        "hold.expired",
        "A reservation has ended without being settled, and its credits are free.",
        {
            "reservation": reservation,
            "amount": credits("amount"),
            "expires_at": instant("expires_at"),
        },
        _SUBJECT,
        {"amount": 4_000_000, "expires_at": "2026-11-21T09:29:58+00:00", "price_id": 3},
    ),
    EventType(
        "purchase.paid",
        "A purchase is paid, and its credits are there.",
        _PURCHASE,
        _SUBJECT,
        _BOUGHT,
    ),
    EventType(
        "purchase.failed",
        "A payment has failed. The purchase may still be paid with another card.",
        {**_PURCHASE, "reason": text("reason")},
        _SUBJECT,
        _BOUGHT | {"reason": "The card was declined."},
    ),
    EventType(
        "purchase.refunded",
        "Money was sent back, and the credits for it were taken.",
        _REFUND,
        _SUBJECT,
        _RETURNED,
    ),
    EventType(
        "purchase.refund_failed",
        "Money could not be sent back, and the credits for it are there again.",
        _REFUND,
        _SUBJECT,
        _RETURNED | {"reason": "The bank has closed the account."},
    ),
    EventType(
        "dispute.opened",
        "A payment is disputed, and what is unused of its credits is frozen.",
        _DISPUTE,
        _SUBJECT,
        _DISPUTED,
    ),
    EventType(
        "dispute.won",
        "A dispute has ended, and the frozen credits are free again.",
        _DISPUTE,
        _SUBJECT,
        _DISPUTED,
    ),
    EventType(
        "dispute.lost",
        "A dispute has ended, and the frozen credits were taken.",
        _DISPUTE,
        _SUBJECT,
        _DISPUTED,
    ),
    EventType(
        "top_up.needed",
        "The available balance has fallen to where automatic top-up begins.",
        _BALANCE,
        _SUBJECT,
        _LOW | {"purpose": "top_up", "basis": "credits", "value": 200_000_000},
    ),
    EventType(
        "top_up.succeeded",
        "Credits were bought automatically.",
        _TOP_UP,
        _SUBJECT,
        _TOPPED_UP,
    ),
    EventType(
        "top_up.failed",
        "Credits could not be bought automatically.",
        _TOP_UP,
        _SUBJECT,
        _TOPPED_UP | {"declines": 1, "reason": "The card was declined."},
    ),
    EventType(
        "top_up.paused",
        "Automatic top-up stands still until somebody looks after it.",
        _TOP_UP,
        _SUBJECT,
        {"cap": {"amount": "500.00", "currency": "USD"}, "reason": "declined"},
    ),
    EventType(
        "top_up.cap_reached",
        "Automatic top-up has bought as much this month as it may.",
        _TOP_UP,
        _SUBJECT,
        {"cap": {"amount": "500.00", "currency": "USD"}, "reason": "cap"},
    ),
    EventType(
        "subscription.started",
        "A plan has begun.",
        _SUBSCRIPTION,
        _SUBJECT,
        _ON_A_PLAN,
    ),
    EventType(
        "subscription.changed",
        "Another plan has begun, or will with the next period (next_plan).",
        {
            **_SUBSCRIPTION,
            "previous_plan": text("previous_plan"),
            "next_plan": text("next_plan"),
        },
        _SUBJECT,
        _ON_A_PLAN | {"previous_plan": "starter", "next_plan": "scale"},
    ),
    EventType(
        "subscription.cancelled",
        "The plan was cancelled; it goes on until ends_at.",
        {**_SUBSCRIPTION, "ends_at": instant("ends_at")},
        _SUBJECT,
        _ON_A_PLAN | {"ends_at": "2026-12-10T00:00:00+00:00"},
    ),
    EventType(
        "subscription.resumed",
        "The plan was cancelled, and goes on all the same.",
        _SUBSCRIPTION,
        _SUBJECT,
        _ON_A_PLAN,
    ),
    EventType(
        "subscription.ended",
        "There is no plan any more. Credits that were bought stay.",
        _SUBSCRIPTION,
        _SUBJECT,
        _ON_A_PLAN,
    ),
    EventType(
        "invoice.created",
        "An invoice was issued; the saved card is charged for it.",
        _INVOICE,
        _SUBJECT,
        _INVOICED,
    ),
    EventType("invoice.paid", "An invoice was paid.", _INVOICE, _SUBJECT, _INVOICED),
    EventType(
        "invoice.failed",
        "An invoice could not be charged. Without retry_at it is not tried again by itself.",
        {**_INVOICE, "reason": text("reason"), "retry_at": instant("retry_at")},
        _SUBJECT,
        _INVOICED | {"reason": "The card was declined.", "retry_at": "2026-11-22T09:30:00+00:00"},
    ),
    EventType(
        "spend_cap.warned",
        "What is used in a period has come to a soft cap. Nothing is refused.",
        _CAP,
        _SUBJECT,
        _CAPPED,
    ),
    EventType(
        "spend_cap.reached",
        "A call was refused that would have passed a spend cap; told once in a period.",
        _CAP,
        _SUBJECT,
        _CAPPED | {"limit": 500_000_000, "used": 499_000_000},
    ),
    EventType("key.created", "A key was created.", _KEY, _SUBJECT, _A_KEY),
    EventType(
        "key.revoked", "A key was revoked, and opens nothing any more.", _KEY, _SUBJECT, _A_KEY
    ),
    EventType(
        "key.rotated",
        "A key has another secret, and the old one, `replaces`, is accepted until it ends.",
        {
            **_KEY,
            "replaces": id_of(ids.KEY, "replaces"),
            "old_prefix": text("old_prefix"),
            "old_ends_at": instant("old_ends_at"),
        },
        _SUBJECT,
        {
            **_A_KEY,
            "replaces": _OTHER,
            "old_prefix": "ddk_2fXc9RtQ",
            "old_ends_at": "2026-11-22T09:30:00+00:00",
        },
    ),
    EventType("key.suspended", "A key was suspended, by itself.", _KEY, _SUBJECT, _A_KEY),
    EventType("key.resumed", "A key that was suspended works again.", _KEY, _SUBJECT, _A_KEY),
    EventType(
        "key.many_addresses",
        "A key was used from unusually many addresses in an hour: told once a day.",
        {
            **_KEY,
            "addresses": text("addresses"),
            "usual": text("usual"),
            "hour": instant("hour"),
        },
        _SUBJECT,
        _A_KEY | {"addresses": 84, "usual": 3, "hour": "2026-11-21T09:00:00+00:00"},
    ),
    EventType(
        "keys.suspended",
        "All keys are suspended: a charge failed, and no credits are left or an invoice is owed.",
        _SUSPENSION,
        None,
        _OWED,
    ),
    EventType("keys.resumed", "The suspended keys work again.", _SUSPENSION, None, _OWED),
)
TEST: Final = EventType(
    "webhook.test",
    "Sent when you ask for it, whatever types an endpoint has chosen.",
    {"message": text("message")},
    None,
    {"message": "This is a test: nothing has happened."},
)
BY_NAME: Final = {one.name: one for one in (*TYPES, TEST)}

# They tell of money: only who may see the company's purchases reads them.
OF_PURCHASES: Final = frozenset(
    name
    for name in BY_NAME
    if name.startswith(("purchase.", "dispute.", "top_up.", "subscription.", "invoice."))
)
