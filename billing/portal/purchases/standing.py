"""How a purchase stands, in words."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Final, NamedTuple

from django.conf import settings
from django.utils import timezone

from billing import refunds, shown
from billing.errors import NothingToRefund, RefundTooLarge
from billing.models import (
    Dispute,
    DisputeState,
    Document,
    EventState,
    Payment,
    ProviderEvent,
    Purchase,
    PurchaseState,
    Refund,
    RefundState,
    TopUp,
)
from billing.refunds import Quote
from ledger import selectors
from ledger.models import Lot


class Badge(NamedTuple):
    tone: str
    text: str


class Line(NamedTuple):
    """Of the bill."""

    text: str
    note: str
    amount: str


class Outcome(NamedTuple):
    """Of a checkout. `state` is equal as long as nothing of this has changed."""

    state: str
    tone: str
    icon: str
    title: str
    text: str
    is_paid: bool = False
    is_payable: bool = False
    is_watched: bool = False  # the page shows by itself what comes of it
    pay: str = ""


class Chapter(NamedTuple):
    """Something that happened to a purchase."""

    at: datetime
    tone: str
    title: str
    text: str = ""


_BADGES: Final = {
    PurchaseState.PENDING: Badge("accent", "Waiting for payment"),
    PurchaseState.PAID: Badge("good", "Paid"),
    PurchaseState.FAILED: Badge("bad", "Declined"),
    PurchaseState.EXPIRED: Badge("", "Expired"),
    PurchaseState.CANCELLED: Badge("", "Not paid"),
}
_NEXT: Final = (
    "The seller answers the bank, and the bank decides, as a rule within 75 days. If it decides for"
    " the payer, the money goes back, unused credits of this purchase are taken, and what was used"
    " of them is owed. Else they can be spent again. Who disputed this by mistake tells their bank."
)
# Longer than it takes to pay: then something may have gone wrong.
LONG: Final = timedelta(minutes=10)


def badge(purchase: Purchase) -> Badge:
    payment = _payment(purchase)
    if payment is None:
        told = _BADGES[PurchaseState(purchase.state)]
        return Badge("warn", "Being looked into") if is_unfit(purchase) else told
    disputes = {dispute.state for dispute in payment.disputes.all()}
    if DisputeState.OPEN in disputes:
        return Badge("warn", "In dispute")
    if DisputeState.LOST in disputes:
        return Badge("bad", "Charged back")
    if payment.refunded:
        is_whole = payment.reversed == payment.amount
        return Badge("", "Refunded") if is_whole else Badge("accent", "Partly refunded")
    return _BADGES[PurchaseState.PAID]


def charged_back(purchase: Purchase) -> int:
    """By disputes that were lost, in minor units."""
    payment = _payment(purchase)
    found = payment.disputes.all() if payment else []
    return sum(one.amount for one in found if one.state == DisputeState.LOST)


def state(purchase: Purchase) -> str:
    known = f"{purchase.state}.{is_payable(purchase):d}"
    if is_unfit(purchase):
        return f"{known}.unfit"
    return f"{known}.long" if is_long(purchase) else known


def is_payable(purchase: Purchase) -> bool:
    """On the provider's page, which takes a card again after it declined one. What is charged by
    itself has no page: it would be paid twice."""
    if TopUp.objects.filter(purchase=purchase).exists():
        return False
    is_open = purchase.state not in (PurchaseState.PAID, PurchaseState.EXPIRED)
    return is_open and purchase.expires_at > timezone.now() and not is_unfit(purchase)


def is_unfit(purchase: Purchase) -> bool:
    """A payment came that is not of this amount, or not as it was asked for in some other way."""
    if purchase.state == PurchaseState.PAID or not purchase.provider_ref:
        return False
    told = ProviderEvent.objects.filter(
        provider=purchase.provider, object_ref=purchase.provider_ref
    )
    return told.filter(state=EventState.REFUSED).exists()


def is_long(purchase: Purchase) -> bool:
    is_waiting = purchase.state == PurchaseState.PENDING
    return is_waiting and timezone.now() - purchase.created_at > LONG


def outcome(purchase: Purchase) -> Outcome:
    told = _unfit(purchase) if is_unfit(purchase) else _outcome(purchase)
    return told._replace(
        state=state(purchase),
        is_paid=purchase.state == PurchaseState.PAID,
        is_payable=is_payable(purchase),
    )


def credits(purchase: Purchase) -> str:
    return shown.credits(purchase.credits + purchase.bonus_credits)


def lots(purchase: Purchase) -> list[Lot]:
    payment = _payment(purchase)
    if payment is None:
        return []
    found = Lot.objects.filter(customer_id=purchase.customer_id, id__in=payment.lots)
    return list(found.order_by("seq"))


def unused(lots: list[Lot]) -> str:
    now = selectors.now()
    current = [lot for lot in lots if lot.expires_at is None or lot.expires_at > now]
    return shown.credits(sum(lot.remaining - lot.held - lot.frozen for lot in current))


def frozen(lots: list[Lot]) -> str:
    amount = sum(lot.frozen for lot in lots)
    return shown.credits(amount) if amount else ""


def refund_quote(purchase: Purchase) -> Quote | None:
    """What the customer would get for all that is unused; None where it may not ask, or in vain."""
    until = refunds.refundable_until(purchase)
    if until is None or until < selectors.now():
        return None
    try:
        return refunds.quote(purchase)
    except (NothingToRefund, RefundTooLarge):
        return None


def history(purchase: Purchase) -> list[Chapter]:
    """The last first."""
    return sorted(_chapters(purchase), key=attrgetter("at"), reverse=True)


def lines(purchase: Purchase) -> list[Line]:
    """What was bought, the tax on it, the total, and what of it went back."""
    money = partial(shown.money, currency=purchase.currency)
    bought = Line(purchase.description, _contents(purchase), money(purchase.net))
    if purchase.tax_by_provider and purchase.state != PurchaseState.PAID:
        return [bought, Line("Tax", "Found out at the checkout", "")]
    found = [bought]
    if purchase.tax:
        rate = shown.percent(purchase.tax_percent) if purchase.tax_percent else ""
        found.append(Line(purchase.tax_name or "Tax", rate, money(purchase.tax)))
    return [*found, Line("Total", "", money(purchase.total)), *_given_back(purchase)]


def _given_back(purchase: Purchase) -> list[Line]:
    """What went back of the total, and what was paid in the end; nothing where nothing did."""
    payment = _payment(purchase)
    if payment is None or not (payment.refunded or payment.clawed_back):
        return []
    lost = payment.clawed_back
    money = partial(shown.money, currency=purchase.currency)
    refunded = [Line("Refunded", "", f"-{money(payment.refunded)}")] if payment.refunded else []
    taken = [Line("Charged back", "", f"-{money(lost)}")] if lost else []
    paid = Line("Paid in the end", "", money(purchase.total - payment.refunded - lost))
    return [*refunded, *taken, paid]


def documents(purchase: Purchase) -> list[Document]:
    return list(purchase.documents.all())


def _contents(purchase: Purchase) -> str:
    text = f"{shown.credits(purchase.credits)} credits"
    bonus = f"{shown.credits(purchase.bonus_credits)} as a bonus"
    validity = f"valid for {shown.days(purchase.validity_days)}"
    if purchase.has_own_bonus_lot:
        days = shown.days(purchase.bonus_validity_days or purchase.validity_days)
        return f"{text}, {validity}, and {bonus}, valid for {days}"
    return f"{text} and {bonus}, {validity}" if purchase.bonus_credits else f"{text}, {validity}"


def _outcome(purchase: Purchase) -> Outcome:
    bought = f"{credits(purchase)} credits"
    match PurchaseState(purchase.state):
        case PurchaseState.PAID:
            text = "They can be spent from now on."
            return Outcome("", "good", "done", f"{bought} are yours", text)
        case PurchaseState.FAILED:
            reason = purchase.reason or "The payment was declined."
            text = (
                f"{reason} Nothing was charged. You can try again, with another card if you like."
            )
            return Outcome(
                "", "bad", "warning", "The payment did not go through", text, pay="Try again"
            )
        case PurchaseState.EXPIRED:
            text = "Nobody paid in time, and nothing was charged. You can buy the pack again."
            return Outcome("", "", "info", "This checkout has expired", text)
        case PurchaseState.CANCELLED:
            text = f"You left before paying for {bought}, and nothing was charged."
            return Outcome("", "", "info", "Not paid", text, pay="Pay now")
    text = f"{bought} are yours as soon as the payment provider says that they are paid."
    if is_long(purchase):
        text += f" This takes long: if you have paid, {_ask(purchase)}"
    return Outcome(
        "", "accent", "clock", "Waiting for the payment", text, is_watched=True, pay="Pay now"
    )


def _unfit(purchase: Purchase) -> Outcome:
    text = (
        "A payment was received, and it does not match this purchase: there are no credits for it"
        f" yet. People look into it, and you need not pay again. For news, {_ask(purchase)}"
    )
    return Outcome("", "warn", "warning", "Your payment is being looked into", text)


def _ask(purchase: Purchase) -> str:
    return f"ask {settings.SELLER['name']} and name the purchase {purchase.name}."


def _chapters(purchase: Purchase) -> Iterator[Chapter]:
    by = f"By {purchase.made_by.email}." if purchase.made_by else ""
    if TopUp.objects.filter(purchase=purchase).exists():
        by = "By automatic top-up."
    yield Chapter(purchase.created_at, "", "Ordered", by)
    payment = _payment(purchase)
    if payment is None:
        return
    yield Chapter(payment.paid_at, "good", "Paid", _paid(purchase))
    for refund in payment.refunds.all():
        yield _refund(refund, purchase)
    for dispute in payment.disputes.all():
        yield from _dispute(dispute, purchase)


def _paid(purchase: Purchase) -> str:
    amount = shown.money(purchase.total, purchase.currency)
    return f"{amount}, and {credits(purchase)} credits were there to spend."


def _refund(refund: Refund, purchase: Purchase) -> Chapter:
    currency = purchase.currency
    amount, given = shown.money(refund.paid_back, currency), shown.credits(refund.credits)
    fee = shown.money(refund.fee_kept, currency)
    less = f", less a fee of {fee}" if refund.fee_kept else ""
    match RefundState(refund.state):
        case RefundState.SUCCEEDED:
            title = f"{amount} refunded"
            text = f"For {given} unused credits{less}. Banks take a few days to show it."
            text += _note(one for one in documents(purchase) if one.refund_id == refund.id)
            return Chapter(refund.created_at, "good", title, text)
        case RefundState.FAILED:
            title = f"A refund of {amount} could not be paid out"
            text = f"{refund.reason} The {given} credits are yours again.".strip()
            return Chapter(refund.created_at, "bad", title, text)
    text = f"For {given} unused credits{less}, which cannot be spent any more."
    return Chapter(refund.created_at, "accent", f"{amount} is on its way back", text)


def _note(papers: Iterable[Document]) -> str:
    names = " and ".join(one.name for one in papers)
    return f" Credit note {names}." if names else ""


def _dispute(dispute: Dispute, purchase: Purchase) -> Iterator[Chapter]:
    currency = purchase.currency
    amount, frozen = shown.money(dispute.amount, currency), shown.credits(dispute.frozen)
    is_open = dispute.state == DisputeState.OPEN
    text = "The payer's bank has asked for the money back."
    if dispute.reason:
        text += f" It says: {dispute.reason.replace('_', ' ')}."
    if dispute.frozen:
        cannot = "cannot" if is_open else "could not"
        text += f" Until that is decided, {frozen} credits {cannot} be spent."
    if is_open:
        text += f" {_NEXT}"
    title = f"{amount} in dispute" if is_open else f"{amount} disputed"
    yield Chapter(dispute.opened_at, "warn" if is_open else "", title, text)
    if dispute.closed_at is None:
        return
    if dispute.state == DisputeState.WON:
        text = "The payment stands, and the credits can be spent again."
        yield Chapter(dispute.closed_at, "good", "The dispute was decided for the seller", text)
        return
    notes = _note(one for one in documents(purchase) if one.dispute_id == dispute.id)
    text = _lost(dispute, currency) + notes
    yield Chapter(dispute.closed_at, "bad", "The dispute was decided for the payer", text)


def _lost(dispute: Dispute, currency: str) -> str:
    amount, taken = shown.money(dispute.amount, currency), shown.credits(dispute.clawed_credits)
    text = f"{amount} went back."
    if dispute.clawed_credits:
        text += f" {taken} credits that were not used were taken back."
    if dispute.owed:
        text += f" For others, which were used, {shown.money(dispute.owed, currency)} is owed now."
    return text


def _payment(purchase: Purchase) -> Payment | None:
    return getattr(purchase, "payment", None)
