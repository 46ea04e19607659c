"""Closing an account takes two: one asks with a reason, another sees what it does and approves.

What was confirmed is done in the same database transaction, whole or not at all. What follows asks
payment providers: see running.py.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts import staff
from accounts.models import Customer, CustomerStatus, User
from accounts.sandboxes import require_real
from billing.care import effects, obstacles, settling
from billing.care.effects import Effect
from billing.care.errors import ClosingChanged, ClosingRefused
from billing.models import AccountClosing, ClosingState, Policy
from billing.models.closings import LIVE, WAITING
from ledger import selectors

OPEN_FOR: Final = timedelta(days=7)


def proposed(customer: Customer, by: User) -> AccountClosing:
    """As it would be asked for now: not saved."""
    return AccountClosing(
        customer=customer,
        policy=Policy.current().closing,
        asked_by=by,
        asked_at=selectors.now(),
    )


@transaction.atomic
def ask(customer: Customer, *, reason: str, by: User) -> AccountClosing:
    """It waits for another person. Raises ClosingRefused, NotInASandbox."""
    require_real(customer)
    locked = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    why = why_not_asked(locked)
    if why:
        raise ClosingRefused(why)
    if not reason.strip():
        raise ClosingRefused("Say why the account is closed.")
    expire(AccountClosing.objects.filter(customer=customer))
    closing = proposed(locked, by)
    closing.reason = reason.strip()
    closing.save(force_insert=True)
    return closing


def why_not_asked(customer: Customer) -> str:
    if customer.status == CustomerStatus.CLOSED:
        return "The account is closed."
    live = live_of(customer)
    if live is not None and not is_over(live):
        return "Somebody has asked for it already."
    return ""


def live_of(customer: Customer) -> AccountClosing | None:
    return AccountClosing.objects.filter(customer=customer, state__in=LIVE).first()


def why_not_decided(closing: AccountClosing, by: User) -> str:
    """Of who would approve it."""
    if closing.state not in WAITING:
        return "This was decided already."
    if is_over(closing):
        return f"It was asked for more than {OPEN_FOR.days} days ago. Ask again."
    if closing.asked_by_id == by.pk:
        return "Somebody else must approve it: it was you who asked."
    asked_at, now = closing.asked_at, selectors.now()
    return staff.why_not_second(by, closing.asked_by, asked_at=asked_at, now=now)


@transaction.atomic
def approve(closing_id: UUID, *, confirmed: str, by: User) -> AccountClosing:
    """All of it is done that is ours to do; `confirmed` is the fingerprint of the effect that was
    shown. Raises ClosingRefused, and ClosingChanged where the effect is another by now."""
    closing = locked(closing_id)
    why = why_not_decided(closing, by) or " ".join(obstacles.found(closing.customer))
    if why:
        raise ClosingRefused(why)
    effect = settling.settle(closing, by)
    if effect.fingerprint != confirmed:
        raise ClosingChanged
    _keep(closing, effect)
    closing.state, closing.told = ClosingState.SETTLING, ""
    closing.decided_by, closing.decided_at = by, selectors.now()
    closing.save()
    return closing


@transaction.atomic
def decline(closing_id: UUID, *, by: User) -> AccountClosing:
    """By another, or by who asked, who has thought again. Raises ClosingRefused."""
    closing = locked(closing_id)
    if closing.state != ClosingState.REQUESTED:
        raise ClosingRefused("This was decided already.")
    closing.state = ClosingState.DECLINED
    closing.decided_by, closing.decided_at = by, selectors.now()
    closing.save()
    return closing


def is_over(closing: AccountClosing) -> bool:
    """Nobody decided in time. What was approved once is never over."""
    is_asked = closing.state == ClosingState.REQUESTED
    return is_asked and closing.asked_at + OPEN_FOR < selectors.now()


def expire(closings: QuerySet[AccountClosing]) -> int:
    now = selectors.now()
    over = closings.filter(state=ClosingState.REQUESTED, asked_at__lt=now - OPEN_FOR)
    return over.update(state=ClosingState.EXPIRED, decided_at=now)


def locked(closing_id: UUID) -> AccountClosing:
    found = AccountClosing.objects.select_for_update(of=("self",))
    return found.select_related("customer", "asked_by").get(pk=closing_id)


def effect_now(closing: AccountClosing, by: User) -> Effect:
    """What approving it would do."""
    return settling.preview(closing, by)


def _keep(closing: AccountClosing, effect: Effect) -> None:
    closing.round += 1
    made = [settling.refund_key(closing, back.purchase, closing.round) for back in effect.backs]
    closing.refunds = [*closing.refunds, *made]
    closing.effect = effects.as_json(effect)
