"""What closing an account does, in rows for a page."""

from typing import Any

from billing.admin import shown as billing_shown
from billing.care.effects import Back, Effect, Entry, GivenUp
from billing.models import Purchase
from ledger.admin import shown
from ledger.ids import LOT

CREDITS = "CR"


def told(effect: Effect, customer_id: Any) -> dict[str, Any]:
    names = {one.pk: one for one in Purchase.objects.filter(pk__in=_purchases(effect))}
    return {
        "left": shown.number(effect.left),
        "backs": [_back(one, names[one.purchase]) for one in effect.backs],
        "kept": [(billing_shown.purchase(names[key]), why) for key, why in effect.kept],
        "given_up": [_given_up(one, customer_id) for one in effect.given_up],
        "entries": [_entry(one) for one in effect.entries],
        "also": _also(effect),
    }


def _purchases(effect: Effect) -> set[Any]:
    return {one.purchase for one in effect.backs} | {key for key, _ in effect.kept}


def _back(back: Back, purchase: Purchase) -> dict[str, Any]:
    money = {name: billing_shown.plain(getattr(back, name), back.currency) for name in _MONEY}
    return {
        "purchase": billing_shown.purchase(purchase),
        "provider": back.provider.capitalize(),
        "credits": shown.number(back.credits),
        "currency": back.currency,
        "is_late": back.is_late,
        **money,
    }


_MONEY = ("net", "tax", "amount")


def _given_up(lot: GivenUp, customer_id: Any) -> dict[str, Any]:
    currency = lot.currency
    return {
        "lot": shown.link(shown.row_page("lot", customer_id, lot.lot), shown.short(LOT, lot.lot)),
        "kind": lot.kind,
        "credits": shown.number(lot.credits),
        "money": billing_shown.in_words(lot.money, currency) if currency else "-",
        "becomes": "the state's (2300)" if lot.is_the_states else "breakage, as at expiry",
    }


def _entry(entry: Entry) -> dict[str, str]:
    is_money = entry.unit != CREDITS
    amount = billing_shown.plain(entry.amount, entry.unit) if is_money else None
    return {
        "debit": f"{entry.debit} {entry.debit_name}",
        "credit": f"{entry.credit} {entry.credit_name}",
        "amount": amount or shown.number(entry.amount),
        "unit": entry.unit if is_money else "credits",
    }


def _also(effect: Effect) -> list[str]:
    found = ["Every call is refused from within a second, for good. Nobody can buy."]
    if effect.keys:
        keys = "1 API key is" if effect.keys == 1 else f"{effect.keys} API keys are"
        found.append(f"{keys} revoked.")
    if effect.plan:
        found.append(f"The plan {effect.plan} ends now; its fee for the period is not given back.")
    if effect.top_up:
        found.append("Automatic top-up is switched off.")
    if effect.pages:
        pages = "1 page is" if effect.pages == 1 else f"{effect.pages} pages are"
        found.append(f"{pages} closed where a purchase could be paid still.")
    found.append("Its people can sign in and see what was, with the statement; nothing else.")
    found.append("What is paid for it from now on goes back to where it came from.")
    return found
