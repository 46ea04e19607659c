"""A company's calls of some days, of every kind that there is."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import ApiKey, Customer
from accounts.rotation import rotate_key
from accounts.services import revoke_key
from ledger import services
from ledger.amounts import CREDIT
from ledger.models import Price
from ledger.prices import rate_cards
from tests.factories.accounts import ApiKeyFactory, CustomerFactory
from tests.factories.ledger import Clock
from tests.ledger.api.conftest import operate

DAY = timedelta(days=1)


def go(clock: Clock, instant: datetime) -> None:
    clock.forward((instant - clock.now()).total_seconds())


def prices(*codes: str) -> list[Price]:
    """A published card that has these at a credit a call."""
    card = rate_cards.create_card(name=" ".join(codes), effective_at=Clock().now() - DAY)
    made = [
        rate_cards.set_price(
            card, rate_cards.create_endpoint(code=code, name=code), per_call=CREDIT
        )
        for code in codes
    ]
    rate_cards.publish(card)
    return made


def funded(**fields: Any) -> Customer:
    customer: Customer = CustomerFactory(**fields)
    services.grant(customer.id, amount=100_000 * CREDIT, kind="promo")
    return customer


def of_every_kind(customer: Customer, prices: list[Price], *, times: int = 1) -> list[ApiKey]:
    """Of now: calls with and without an endpoint, a key and an outcome; committed in part, given
    back, released. Their keys, one of which was rotated and one revoked."""
    keys = [ApiKeyFactory(customer=customer, name=name).key for name in ("app", "batch", "old")]
    for number in range(times):
        for place, price in enumerate((*prices, None)):
            for at, key in enumerate((*keys, None)):
                fields: dict[str, Any] = {"amount": (place + 2 * at + number + 1) * CREDIT // 3}
                if price:
                    fields["price_id"] = price.id
                if key:
                    fields["api_key_id"] = key.id
                operate("debit", customer, **fields, outcome="success")
                operate("debit", customer, **fields)
                _held(customer, "server_error", 0, fields)
                _held(customer, "partial", fields["amount"] // 2, fields)
        spent = operate("debit", customer, amount=9 * CREDIT, outcome="success")
        operate("reverse", customer, reservation_id=spent.reservation_id, amount=2 * CREDIT)
        for op in ("release", "commit"):
            hold = operate("reserve", customer, amount=5 * CREDIT, api_key_id=keys[0].id)
            part = {"amount": CREDIT, "final": False} if op == "commit" else {}
            operate(op, customer, reservation_id=hold.reservation_id, **part)
    rotate_key(keys[0])
    revoke_key(keys[2])
    return keys


def _held(customer: Customer, outcome: str, amount: int, fields: dict[str, Any]) -> None:
    hold = operate("reserve", customer, **fields)
    operate("commit", customer, reservation_id=hold.reservation_id, amount=amount, outcome=outcome)
