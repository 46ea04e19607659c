"""Publishing, retiring and copying a card: first what it changes, and for whom, then it is done."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import confirming
from accounts.confirming import Act, Deed, Target
from accounts.models import User
from ledger import selectors
from ledger.admin import price_text, shown
from ledger.errors import CardLacks, LedgerError
from ledger.models import Price, RateCard
from ledger.prices import card_changes, rate_cards
from ledger.prices.card_changes import Change

_PAGE = "admin:ledger_ratecard_change"


def publish(request: HttpRequest, card: RateCard, context: dict[str, Any]) -> HttpResponse:
    refusal = ""
    withdrawing = request.POST.getlist("withdraw")
    if request.method == "POST":
        try:
            rate_cards.publish_from_now(card, withdrawing=withdrawing)
        except CardLacks as lacks:
            refusal = f"{lacks.detail} Tick each below that is withdrawn."
        except LedgerError as refused:
            refusal = refused.detail
        else:
            messages.success(request, f"{card} is published.")
            return redirect(_PAGE, card.pk)
    before = rate_cards.before(card)
    told = {
        "title": f"Publish {card}",
        "does": _begins(card),
        "whom": _whom(card),
        "rows": _rows(_changes(before, card)),
        "missing": rate_cards.missing(card),
        "withdrawing": withdrawing,
        "button": "Publish",
    }
    return _render(request, card, context, told, refusal)


def retire(request: HttpRequest, card: RateCard, context: dict[str, Any]) -> HttpResponse:
    return confirming.page(
        request,
        RETIRE,
        # Whoever publishes or retires waits for one lock, which the act takes itself.
        lambda _: [_found(card.pk)],
        back=reverse(_PAGE, args=[card.pk]),
        context=context | {"opts": RateCard._meta},
    )


def _retire_details(cards: Sequence[RateCard], by: User) -> dict[str, Any]:
    (card,) = cards
    rows = _rows(card_changes.changes(card, rate_cards.after_retiring(card)))
    return {"rows": rows, "whom": _whom(card)}


def _found(key: int) -> RateCard:
    return RateCard.objects.select_related("group", "customer").get(pk=key)


def _look_before_retiring(card: RateCard, by: User) -> Target:
    is_published = card.published_at is not None
    now = ("Published" if is_published else "Draft") if card.retired_at is None else "Retired"
    return Target(
        key=str(card.pk),
        name=card.name,
        about=card,
        now=now,
        will=_ends(card),
        refusal="" if now == "Published" else f"It is {now.lower()}: nothing of it is in force.",
        page=reverse(_PAGE, args=[card.pk]),
        customer_id=card.customer_id,
    )


def _retire(card: RateCard, deed: Deed) -> str:
    rate_cards.retire(card)
    return f"{card} is retired."


RETIRE: Final = Act(
    code="retire",
    done="rate_card.retired",
    permission="ledger.change_ratecard",
    verb="Retire",
    consequence="The card's prices hold no more. Holds that are open keep the prices that they were"
    " made with, and no balance is touched. This cannot be undone: copy the card to have it again.",
    look=_look_before_retiring,
    do=_retire,
    asks_why=True,
    refusals=(LedgerError,),
    template="ledger/admin/card_retire.html",
    details=_retire_details,
)


def copy(request: HttpRequest, card: RateCard, context: dict[str, Any]) -> HttpResponse:
    if request.method == "POST":
        draft = rate_cards.copy_card(card)
        messages.success(request, f"{draft} is a draft with the prices of {card}.")
        return redirect(_PAGE, draft.pk)
    told = {
        "title": f"Copy {card}",
        "does": "This makes a draft with the same prices for the same customers. "
        "Nothing that anybody pays changes before it is published.",
        "button": "Copy",
    }
    return _render(request, card, context, told, "")


def _render(
    request: HttpRequest,
    card: RateCard,
    context: dict[str, Any],
    told: dict[str, Any],
    refusal: str,
) -> HttpResponse:
    status = 400 if refusal else 200
    shared = context | told | {"card": card, "refusal": refusal}
    return render(request, "ledger/admin/card_step.html", shared, status=status)


def _changes(before: RateCard | None, card: RateCard) -> list[Change]:
    if card.customer_id is not None:
        return card_changes.changes_for_its_customer(card)
    return card_changes.changes(before, card)


def _begins(card: RateCard) -> str:
    if card.effective_at <= selectors.now():
        when = (
            f"from now on. Its date, {shown.instant(card.effective_at)} UTC, has passed: what was "
            "done before now stays priced by the card of then, also when it is reported later"
        )
    else:
        when = f"from {shown.instant(card.effective_at)} UTC on"
    return (
        f"Its prices hold {when}. It cannot be changed any more. Holds that are open keep the "
        "prices that they were made with, and no balance is touched."
    )


def _ends(card: RateCard) -> str:
    pinned = card_changes.pinned_to(card)
    keep = "keeps it until its pin ends" if pinned == 1 else "keep it until their pins end"
    kept = f" {_customers(pinned)} pinned to it {keep}." if pinned else ""
    after = rate_cards.after_retiring(card)
    if card.customer_id is not None:
        return "The customer pays by its other prices again, at once."
    return f"At once {after or 'no card'} is in force in its place.{kept}"


def _whom(card: RateCard) -> str:
    if card.customer is not None:
        return f"{card.customer}, for the endpoints that the card names."
    paying, pinned = card_changes.payers(card)
    of = f"of the group {card.group}" if card.group else "without a group"
    stay = "stays" if pinned == 1 else "stay"
    kept = f" {_customers(pinned)} of them {stay} pinned to a card." if pinned else ""
    return f"{_customers(paying + pinned)} {of}.{kept}"


def _customers(number: int) -> str:
    return "1 customer" if number == 1 else f"{number} customers"


def _rows(changes: list[Change]) -> list[dict[str, Any]]:
    return [
        {
            "endpoint": change.endpoint,
            "before": _told(change.before),
            "after": _told(change.after),
            "same": change.is_none,
        }
        for change in changes
    ]


def _told(price: Price | None) -> str:
    return "not sold" if price is None else price_text.in_words(selectors.priced(price))
