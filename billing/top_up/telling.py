"""Events of top-ups, and mails to those who can mend what is wrong, in the current database
transaction."""

from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from accounts.models import Member
from accounts.permissions import RIGHTS, Right
from billing import mails
from billing.models import CardBreaker, Obstacle, TopUp, TopUpSettings
from billing.top_up import budget, mending, wording
from billing.top_up.wording import Told
from ledger import amounts, money, outbox, selectors

# Why keys are suspended, or were.
OWED: Final = "payment_owed"
_INSTANT: Final = "%Y-%m-%dT%H:%M:%S.%f"


def succeeded(top_up: TopUp) -> None:
    _tell(top_up, "top_up.succeeded")
    purchase, card = top_up.purchase, top_up.card
    assert purchase is not None and card is not None
    agreement = TopUpSettings.objects.select_related("customer", "card").get(
        customer=top_up.customer_id
    )
    _mail(
        agreement,
        "top_up_succeeded",
        about=str(top_up.id),
        card=wording.card(card),
        amount=wording.money(top_up.amount, top_up.currency),
        bought=wording.credits(purchase.credits + purchase.bonus_credits),
        available=wording.credits(selectors.balance(top_up.customer_id).available),
        purchase=purchase.description,
        page=reverse("purchase", args=[purchase.id]),
        settings_page=reverse("top-up"),
    )


def failed(top_up: TopUp, agreement: TopUpSettings, breaker: CardBreaker, *, mail: bool) -> None:
    _tell(top_up, "top_up.failed", reason=top_up.reason, declines=breaker.declines)
    if mail:
        _mail(
            agreement,
            "top_up_failed",
            about=str(top_up.id),
            reason=top_up.reason,
            amount=wording.money(top_up.amount, top_up.currency),
            is_paused=breaker.opened_at is not None,
            retry_at=breaker.retry_at,
            **_way(mending.another_card(agreement)),
        )


def unanswered(top_up: TopUp) -> None:
    """Once for each: about an hour after it was begun. It may be charged and may not be."""
    agreement = TopUpSettings.objects.select_related("customer", "card").get(
        customer=top_up.customer_id
    )
    amount = wording.money(top_up.amount, top_up.currency)
    _mail(agreement, "top_up_unanswered", about=str(top_up.id), amount=amount)


def keys_suspended(customer_id: UUID) -> None:
    outbox.tell(customer_id, "keys.suspended", None, {"reason": OWED})
    agreement = TopUpSettings.objects.select_related("customer", "card").get(customer=customer_id)
    _mail(agreement, "top_up_keys_suspended", about=f"{customer_id} {selectors.now():{_INSTANT}}")


def keys_resumed(customer_id: UUID) -> None:
    outbox.tell(customer_id, "keys.resumed", None, {"reason": OWED})


def stopped(agreement: TopUpSettings, obstacle: Obstacle, *, mail: bool = True) -> None:
    """Once for each time that it stops; of the cap once a month."""
    if is_told(agreement, obstacle):
        return
    now = selectors.now()
    agreement.stopped_by, agreement.stopped_at = obstacle, now
    agreement.save(update_fields=["stopped_by", "stopped_at"])
    is_cap = obstacle == Obstacle.CAP
    kind = "top_up.cap_reached" if is_cap else "top_up.paused"
    data = {"reason": str(obstacle), "cap": money.show(agreement.cap, agreement.currency)}
    outbox.tell(agreement.customer_id, kind, str(agreement.customer_id), data)
    if mail:
        template = "top_up_cap_reached" if is_cap else "top_up_paused"
        about = f"{agreement.customer_id} {now:{_INSTANT}}"
        way = mending.told(agreement, obstacle)
        _mail(agreement, template, about=about, reason=way.why, **_way(way))


def is_told(agreement: TopUpSettings, obstacle: Obstacle) -> bool:
    """A month's cap is told of in each month."""
    if agreement.stopped_by != obstacle or agreement.stopped_at is None:
        return False
    return obstacle != Obstacle.CAP or agreement.stopped_at >= budget.month_of(selectors.now())


def _tell(top_up: TopUp, kind: str, **more: Any) -> None:
    assert top_up.purchase is not None
    told = {
        "purchase": top_up.purchase.name,
        "amount": money.show(top_up.amount, top_up.currency),
        "credits": amounts.show(top_up.purchase.credits + top_up.purchase.bonus_credits),
    }
    outbox.tell(top_up.customer_id, kind, str(top_up.id), told | more)


def _mail(agreement: TopUpSettings, template: str, *, about: str, **context: Any) -> None:
    told = {
        "company": agreement.customer.name,
        "card": wording.card(agreement.card),
        "threshold": wording.credits(agreement.threshold),
        "cap": wording.money(agreement.cap, agreement.currency),
        "page": reverse("top-up"),
        "buy": reverse("buy"),
    }
    mails.write(
        template,
        about,
        to=_owners(agreement),
        template=template,
        context=told | context,
        customer_id=agreement.customer_id,
    )


def _way(told: Told) -> dict[str, str]:
    return {"how": told.how, "action": told.action, "page": reverse(told.page)}


def _owners(agreement: TopUpSettings) -> list[str]:
    """Whoever may buy can mend it."""
    roles = [role for role, rights in RIGHTS.items() if Right.BUY in rights]
    members = Member.objects.filter(
        customer=agreement.customer_id, role__in=roles, user__is_active=True
    )
    return list(members.order_by("user__email").values_list("user__email", flat=True))
