"""Closing an account: asked for by one, and approved or declined by another."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.urls import reverse

from accounts.confirming import Act, Deed, Target
from accounts.errors import AccountsError
from accounts.models import Customer, User
from billing.admin import closing_told
from billing.admin import shown as billing_shown
from billing.care import closings, obstacles, running
from billing.care.errors import ClosingRefused
from billing.errors import BillingError
from billing.models import AccountClosing, ClosingState
from billing.models.closings import WAITING
from ledger.errors import LedgerError

REFUSALS: Final = (AccountsError, BillingError, ClosingRefused, LedgerError)


def _look_before_asking(customer: Customer, by: User) -> Target:
    is_sandbox = "A sandbox is closed with its customer." if customer.sandbox_of_id else ""
    return Target(
        key=str(customer.pk),
        name=customer.name,
        about=customer,
        now=customer.get_status_display(),
        will="Another person is asked to approve what is shown below, within 7 days. Until then "
        "everything goes on.",
        refusal=is_sandbox or closings.why_not_asked(customer),
        page=reverse("admin:accounts_customer_change", args=[customer.pk]),
        customer_id=customer.pk,
    )


def _look_before_approving(closing: AccountClosing, by: User) -> Target:
    """What is confirmed is the effect, which is reckoned anew each time."""
    refusal = closings.why_not_decided(closing, by)
    refusal = refusal or " ".join(obstacles.found(closing.customer))
    effect = None if refusal else closings.effect_now(closing, by)
    return _closing(
        closing,
        will="It is closed as shown below, for good.",
        refusal=refusal,
        mark=effect.fingerprint if effect else "",
    )


def _look_before_declining(closing: AccountClosing, by: User) -> Target:
    is_open = closing.state == ClosingState.REQUESTED
    return _closing(
        closing,
        will="It stays open, with all that it has.",
        refusal="" if is_open else "This was decided already.",
    )


def _closing(closing: AccountClosing, *, will: str, refusal: str, mark: str = "") -> Target:
    return Target(
        key=str(closing.pk),
        name=f"The account of {closing.customer.name}",
        about=closing,
        now=closing.get_state_display(),
        will=will,
        refusal=refusal,
        page=billing_shown.page(closing),
        mark=mark,
        customer_id=closing.customer_id,
    )


def _ask(customer: Customer, deed: Deed) -> str:
    closings.ask(customer, reason=deed.reason, by=deed.by)
    return f"Another person is asked to approve that the account of {customer} is closed."


def _approve(closing: AccountClosing, deed: Deed) -> str:
    closings.approve(closing.pk, confirmed=deed.target.mark, by=deed.by)
    # What fails here is done by the job.
    transaction.on_commit(partial(running.carry_on, closing.pk), robust=True)
    return f"The account of {closing.customer} is closed. Refunds are on their way."


def _decline(closing: AccountClosing, deed: Deed) -> str:
    closings.decline(closing.pk, by=deed.by)
    return f"Declined: the account of {closing.customer} stays open."


def _details_of_customer(customers: Sequence[Customer], by: User) -> dict[str, Any]:
    (customer,) = customers
    if customer.sandbox_of_id is not None or closings.why_not_asked(customer):
        return {}
    return _details(closings.proposed(customer, by), by)


def _details_of_closing(found: Sequence[AccountClosing], by: User) -> dict[str, Any]:
    return {"closing": found[0], **_details(found[0], by)} if len(found) == 1 else {}


def _details(closing: AccountClosing, by: User) -> dict[str, Any]:
    if closing.state not in WAITING or closings.is_over(closing):
        return {}
    in_the_way = obstacles.found(closing.customer)
    told = {"policy": closing.get_policy_display(), "obstacles": in_the_way}
    if in_the_way:
        return told
    effect = closings.effect_now(closing, by)
    return told | {"effect": closing_told.told(effect, closing.customer_id)}


ASK: Final = Act(
    code="ask",
    done="closing.asked",
    permission="billing.close_account",
    verb="Ask to close the account",
    consequence="An account that is closed stays closed. What is left of it is given back or given "
    "up, as the policy of the books says; two people decide that.",
    look=_look_before_asking,
    do=_ask,
    asks_why=True,
    refusals=REFUSALS,
    template="billing/admin/closing_confirm.html",
    details=_details_of_customer,
)
APPROVE: Final = Act(
    code="approve",
    done="closing.approved",
    permission="billing.approve_closing",
    verb="Approve and close",
    consequence="This cannot be undone. It is done at once and whole; then payment providers are "
    "asked to pay back, as often as it takes.",
    look=_look_before_approving,
    do=_approve,
    refusals=REFUSALS,
    template="billing/admin/closing_confirm.html",
    details=_details_of_closing,
)
DECLINE: Final = Act(
    code="decline",
    done="closing.declined",
    permission="billing.approve_closing",
    verb="Decline",
    consequence="Nothing is done. Who wants it all the same asks again.",
    look=_look_before_declining,
    do=_decline,
    asks_why=True,
    refusals=REFUSALS,
)
