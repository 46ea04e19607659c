"""How a customer comes to credits: packs that it buys, and presents."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from config.demo.catalogue import CREDIT
from config.demo.customers import Pack
from ledger.operations import Operation

A_YEAR = timedelta(days=365)
A_MONTH = timedelta(days=30)
TWO_WEEKS = timedelta(days=14)


def units(bought: Pack) -> int:
    return bought.credits * CREDIT


def pack(customer_id: UUID, bought: Pack, at: datetime) -> Operation:
    """Paid in cash, free of tax (E01 of the accounting rules)."""
    money = {"unit": "USD", "debit": "1000", "credit": "2100", "amount": bought.cents}
    detail = {"price": bought.cents, "currency": "USD", "money": [money]}
    return _grant(customer_id, units(bought), "paid", at + A_YEAR, detail)


def welcome(customer_id: UUID, at: datetime) -> Operation:
    return _grant(customer_id, 100 * CREDIT, "promo", at + A_MONTH, {"reason": "Welcome"})


def campaign(customer_id: UUID, at: datetime) -> Operation:
    return _grant(
        customer_id, 250 * CREDIT, "promo", at + TWO_WEEKS, {"reason": "Try the new models"}
    )


def longer_trial(customer_id: UUID, at: datetime) -> Operation:
    return _grant(customer_id, 150 * CREDIT, "goodwill", at + A_MONTH, {"reason": "A longer trial"})


def _grant(
    customer_id: UUID, amount: int, kind: str, expires_at: datetime, detail: dict[str, Any]
) -> Operation:
    detail |= {"kind": kind, "expires_at": expires_at}
    return Operation(op="grant", customer_id=customer_id, amount=amount, detail=detail)
