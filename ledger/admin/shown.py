"""How staff's pages write things."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import ids
from accounts.models import Customer, User
from ledger import amounts, money
from ledger.ids import LOT, TRANSACTION, ReservationId
from ledger.models import Lot, Reservation

# The end of an id is chance: enough to tell those on one page apart.
SHORT = 8


def name_of(reservation: Reservation) -> str:
    price_id = reservation.price_id or 0
    return str(ReservationId(reservation.customer_id, reservation.id, price_id))


def short(prefix: str, id: UUID) -> SafeString:
    """The whole id is in the title."""
    whole = ids.encode(prefix, id)
    return format_html('<span title="{}">{}_…{}</span>', whole, prefix, id.hex[-SHORT:])


def number(amount: int) -> str:
    return grouped(amounts.show(amount))


def credits(amount: int) -> SafeString:
    return format_html('<span class="amount">{}</span>', number(amount))


def in_unit(amount: int, unit: str) -> SafeString:
    return format_html('<span class="amount">{}</span>', grouped(money.show_unit(amount, unit)))


def money_of(lot: Lot, amount: int) -> str:
    """In the lot's currency."""
    if not amount or lot.currency is None:
        return "-"
    shown = money.show(amount, lot.currency)
    return f"{grouped(shown['amount'])} {lot.currency}"


def actor(name: str | None) -> str:
    """A person is written down by an id; other actors by what they are."""
    return _people([name]).get(name or "", name or "-")


def name_actors(rows: Iterable[Any]) -> None:
    """The same of many, read at once: as `actor_name` of each."""
    listed = list(rows)
    people = _people(row.actor for row in listed)
    for row in listed:
        row.actor_name = people.get(row.actor or "", row.actor or "-")


def _people(names: Iterable[str | None]) -> dict[str, str]:
    """Their e-mail, by how they are written down."""
    by_id = {id: name for name in set(names) if name and (id := _id(name))}
    if not by_id:
        return {}
    found = User.objects.filter(id__in=by_id).values_list("id", "email")
    return {by_id[id]: email for id, email in found}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def link(to: str, text: Any) -> SafeString:
    return format_html('<a href="{}">{}</a>', to, text)


def row_page(model: str, customer_id: UUID, id: UUID) -> str:
    """Two customers' rows may have one id."""
    return reverse(f"admin:ledger_{model}_change", args=[customer_id.hex + id.hex])


def transaction(customer_id: UUID, id: UUID | None) -> SafeString:
    if id is None:
        return SafeString("-")
    return link(row_page("transaction", customer_id, id), ids.encode(TRANSACTION, id))


def lot(customer_id: UUID, id: UUID | None) -> SafeString:
    if id is None:
        return SafeString("-")
    return link(row_page("lot", customer_id, id), ids.encode(LOT, id))


def reservation(customer_id: UUID, id: UUID | None) -> SafeString:
    if id is None:
        return SafeString("-")
    return link(row_page("reservation", customer_id, id), f"rsv_…{id.hex}")


def document(name: str | None) -> SafeString:
    """What has a name is found by it; other texts stay what they are."""
    if not name:
        return SafeString("-")
    return link(f"{reverse('admin:find')}?{urlencode({'q': name})}", name)


def listed(model: str, text: str, **filters: str) -> SafeString:
    """Those of a list that are like that."""
    return link(f"{reverse(f'admin:ledger_{model}_changelist')}?{urlencode(filters)}", text)


def customer(customer: Customer) -> SafeString:
    return link(reverse("admin:accounts_customer_change", args=[customer.pk]), customer.name)


def instant(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else "-"


def cut(text: str | None) -> SafeString:
    """As much as there is room for; the whole is in the title."""
    return format_html('<span class="cut" title="{0}">{0}</span>', text or "-")


def split(customer_id: UUID, lots: Sequence[UUID | None], parts: Sequence[int]) -> SafeString:
    """How much of each lot; none stands for the credit limit."""
    rows = [
        (amounts.show(part), lot(customer_id, id) if id else "the credit limit")
        for id, part in zip(lots, parts, strict=True)
    ]
    return format_html_join(SafeString("<br>"), "{} of {}", rows) or SafeString("-")


def age(since: datetime, now: datetime) -> str:
    """In the largest unit that it fills."""
    seconds = max(int((now - since) / timedelta(seconds=1)), 0)
    for name, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {name}"
    return f"{seconds} s"


def grouped(text: str) -> str:
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}" if whole != "-0" else text
