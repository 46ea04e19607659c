"""What a company has to see to, in one list: what is so now, and the next act of each. Empty when
all is well."""

from collections.abc import Callable, Collection, Iterator
from typing import Final, NamedTuple

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from accounts import selectors as accounts_selectors
from accounts.models import Customer, CustomerStatus
from accounts.permissions import Right
from billing import shown
from billing.alerts.wording import threshold_in_words
from billing.models import Dispute, DisputeState, Invoice, InvoiceState, Obstacle
from billing.top_up import mending, obstacles, standing
from ledger import selectors
from ledger.limits import in_words as limits_in_words
from ledger.limits.in_words import Line
from ledger.models import Threshold

# Of a cap, in parts of a hundred: from then on it is said.
NEAR: Final = 90
OF_A_KIND_SHOWN: Final = 3
_CLOSED: Final = "Nothing can be bought or used. Statement and receipts stay here."

Rights = Collection[Right]


class Need(NamedTuple):
    """Without an address, it is not this member's to do."""

    tone: str
    title: str
    text: str
    href: str = ""
    action: str = ""


def of(customer: Customer, rights: Rights) -> list[Need]:
    """What stops calls comes first."""
    if customer.status == CustomerStatus.CLOSED:
        return [Need("bad", "The account is closed.", _CLOSED)]
    found = [need for looked in _LOOKED for need in looked(customer, rights)]
    return sorted(found, key=lambda need: need.tone != "bad")


def _suspended(customer: Customer, rights: Rights) -> Iterator[Need]:
    if customer.status != CustomerStatus.ACTIVE:
        text = f"Calls are refused. Ask {settings.SELLER['name']} why."
        yield Need("bad", "The company is suspended.", text)
    if customer.keys_suspended_at:
        title = "Your keys are suspended while a payment is owed."
        yield _buy("bad", title, "They work again by themselves as soon as it is paid.", rights)


def _balance(customer: Customer, rights: Rights) -> Iterator[Need]:
    if selectors.balance(customer.id).available <= 0:
        yield _empty(customer, rights)
        return
    crossed = Threshold.objects.filter(customer_id=customer.id, purpose="alert", crossed=True)
    lowest = crossed.order_by("level").first()
    if lowest is not None:
        text = (
            f"You are told when {threshold_in_words(lowest.basis, lowest.value)}."
            " Calls that cost something are refused when nothing is left."
        )
        yield _buy("warn", "The balance is low.", text, rights)


def _empty(customer: Customer, rights: Rights) -> Need:
    title = "There are no credits left to spend."
    text = "Calls that cost something are refused until there are."
    if customer.sandbox_of_id is None:
        return _buy("bad", title, text, rights)
    need = Need("bad", title, text, reverse("sandbox"), "Refill it")
    return _with(rights, Right.KEYS, need, otherwise=" Ask an owner or a developer to refill it.")


def _invoices(customer: Customer, rights: Rights) -> Iterator[Need]:
    unpaid = Invoice.objects.filter(customer=customer).exclude(state=InvoiceState.PAID)
    # One that is being charged for the first time needs nobody.
    tried = unpaid.filter(Q(failures__gt=0) | Q(state=InvoiceState.FAILED) | Q(due_at=None))
    found = tried.select_related("document").order_by("id")[:OF_A_KIND_SHOWN]
    if Right.BUY not in rights:
        if found:
            yield Need("bad", "An invoice is not paid.", "Ask an owner.")
        return
    for invoice in found:
        total = shown.money(invoice.total, invoice.currency)
        title = f"The invoice {invoice.document.name} of {total} is not paid."
        text = invoice.reason or "Its payment did not go through."
        yield Need("bad", title, text, reverse("plan"), "Pay it")


def _top_up(customer: Customer, rights: Rights) -> Iterator[Need]:
    agreement = standing.agreement_of(customer)
    if agreement is None or not agreement.enabled:
        return
    obstacle = obstacles.found(agreement)
    if Right.BUY not in rights:
        if obstacle is not None or standing.failure(agreement):
            # Why is told by those who know of the card.
            yield Need("bad" if obstacle else "warn", _top_up_title(obstacle), "Ask an owner.")
        return
    if obstacle is not None:
        told = mending.told(agreement, obstacle)
        page = reverse(told.page)
        yield Need("bad", _top_up_title(obstacle), told.why, page, told.action)
    elif failing := standing.failure(agreement):
        yield Need("warn", _top_up_title(None), failing, reverse("top-up"), "See the card")


def _top_up_title(obstacle: Obstacle | None) -> str:
    return "Automatic top-up is paused." if obstacle else "Automatic top-up is failing."


def _caps(customer: Customer, rights: Rights) -> Iterator[Need]:
    told = [(tone, line) for line in limits_in_words.of(customer) if (tone := _tone(line))]
    told.sort(key=lambda one: (one[0] != "bad", -one[1].of))
    for tone, line in told[:OF_A_KIND_SHOWN]:
        anew = f" It begins anew on {line.until}." if line.until else ""
        if line.refuses:
            anew = f" Calls that would pass it are refused{_until(line)}."
        title = f"{_cap(line)}: {line.whose}, {line.what[:1].lower()}{line.what[1:]}."
        yield Need(tone, title, f"{line.used}.{anew}", reverse("limits"), "See limits")
    if more := len(told[OF_A_KIND_SHOWN:]):
        yield Need(
            "warn", f"{more} more caps are reached or near.", "", reverse("limits"), "Limits"
        )


def _until(line: Line) -> str:
    return f" until {line.until}" if line.until else ""


def _cap(line: Line) -> str:
    if line.refuses:
        return "A cap refuses calls"
    if line.tone == "bad":
        return "A cap is reached"
    return "A soft cap is reached" if line.tone == "warn" else "A cap is near"


def _tone(line: Line) -> str:
    if line.limit.kind not in ("spend", "holds") or not line.used:
        return ""
    return line.tone if line.tone in ("bad", "warn") else "warn" if line.of >= NEAR else ""


def _disputes(customer: Customer, rights: Rights) -> Iterator[Need]:
    open = Dispute.objects.filter(payment__purchase__customer=customer, state=DisputeState.OPEN)
    found = open.select_related("payment__purchase").order_by("id")[:OF_A_KIND_SHOWN]
    if Right.BUY not in rights:
        for dispute in found:
            yield Need(
                "warn", "A payment is in dispute.", f"{_frozen(dispute)} Ask an owner.".strip()
            )
        return
    for dispute in found:
        purchase = dispute.payment.purchase
        title = f"{shown.money(dispute.amount, purchase.currency)} is in dispute."
        text = "The payer's bank has asked for the money back."
        text = f"{text} {_frozen(dispute)}".strip()
        page = reverse("purchase", args=[purchase.id])
        yield Need("warn", title, text, page, "See the purchase")


def _frozen(dispute: Dispute) -> str:
    if not dispute.frozen:
        return ""
    return f"Until that is decided, {shown.credits(dispute.frozen)} credits cannot be spent."


def _keys(customer: Customer, rights: Rights) -> Iterator[Need]:
    for notice in accounts_selectors.key_notices_of(customer)[:OF_A_KIND_SHOWN]:
        if notice.key.has_ended():
            continue
        name = notice.key.name or f"{notice.key.prefix}…"
        title = f"The key {name} was used from unusually many addresses."
        usual = f", usually it is {notice.usual}" if notice.usual else ""
        text = (
            f"{notice.addresses} in the hour of {notice.hour:%-d %B, %H:%M} UTC{usual}."
            " If that was not you, rotate it."
        )
        yield _with(rights, Right.KEYS, Need("warn", title, text, reverse("keys"), "See keys"))


def _buy(tone: str, title: str, text: str, rights: Rights) -> Need:
    need = Need(tone, title, text, reverse("buy"), "Buy credits")
    return _with(rights, Right.BUY, need, otherwise=" Ask an owner to buy some.")


def _with(rights: Rights, right: Right, need: Need, otherwise: str = " Ask an owner.") -> Need:
    """With its act where this member may do it."""
    if right in rights:
        return need
    return need._replace(text=f"{need.text}{otherwise}".strip(), href="", action="")


_LOOKED: Final[list[Callable[[Customer, Rights], Iterator[Need]]]] = [
    _suspended,
    _balance,
    _invoices,
    _top_up,
    _caps,
    _disputes,
    _keys,
]
