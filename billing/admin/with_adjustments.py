"""Where lots, calls, transfers, transactions and purchases lead to what was adjusted of them, and
where more is asked for."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from accounts import ids
from accounts.errors import InvalidId
from accounts.models import HOUSE_ID, Customer, CustomerStatus
from billing.adjustments import proposing
from billing.admin import shown as billing_shown
from billing.models import Adjustment, Purchase
from billing.models import AdjustmentKind as Kind
from billing.models.adjustments import ADJUSTMENT
from ledger import lot_origins
from ledger.admin import shown
from ledger.ids import LOT
from ledger.models import Lot, Reservation, ReservationState, Transaction, Transfer

OF_OPEN_LOTS: Final = (Kind.FORFEIT, Kind.EXTEND, Kind.MOVE)


def _told(found: Iterable[Adjustment]) -> SafeString:
    rows = ((billing_shown.page(one), one.name, one.kind, one.state) for one in found)
    listed = format_html_join(SafeString("<br>"), '<a href="{}">{}</a> {}, {}', rows)
    return listed or SafeString("-")


class Adjusted:
    """One more field: a link to each. And buttons, for who may ask for more."""

    fields: Any

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.fields, "adjustments"]

    @admin.display
    def adjustments(self, row: Any) -> SafeString:
        return _told(Adjustment.objects.filter(about(row)).order_by("asked_at"))

    def ways_on(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        if not request.user.has_perm(proposing.PERMISSION):
            return []
        return [(Kind(kind).label, _form(row, kind)) for kind in _kinds(row)]


def about(row: Any) -> Q:
    if isinstance(row, Purchase):
        return Q(purchase=row)
    own = Q(customer_id=row.customer_id)
    if isinstance(row, Lot):
        return own & Q(lot_id=row.id) | Q(id__in=_documents(row))
    if isinstance(row, Reservation):
        return own & Q(reservation_id=row.id)
    made = Q(transactions__contains=[row.transaction_id])
    given = own | Q(receiver_id=row.customer_id)
    return given & (made | Q(transaction_id=row.transaction_id))


def _documents(lot: Lot) -> list[UUID]:
    """The adjustments that the lot's transfers name: what took from it in the order of use, and
    what moved it here, say nothing of it themselves."""
    own = Transfer.objects.filter(customer_id=lot.customer_id, lot_id=lot.id, unit="CR")
    # By the index of what is no use.
    rare = own.exclude(debit="U20", credit="U30")
    named = rare.filter(document__startswith=f"{ADJUSTMENT}_").values_list("document", flat=True)
    return [id for id in map(_id, named.distinct()) if id]


def _id(name: str | None) -> UUID | None:
    try:
        return ids.decode(ADJUSTMENT, name or "")
    except InvalidId:
        return None


def _kinds(row: Any) -> list[str]:
    """What can be asked for of it."""
    if isinstance(row, Reservation):
        is_left = row.state != ReservationState.HELD and row.committed > row.reversed
        return [Kind.REVERSE] if is_left and _is_adjusted(row.customer) else []
    if isinstance(row, Lot) and _is_adjusted(row.customer):
        return _of_lot(row)
    return []


def _of_lot(lot: Lot) -> list[str]:
    kinds: list[str] = []
    if lot.open and not lot.frozen:
        kinds = [*OF_OPEN_LOTS] if lot.paid else [Kind.VOID, *OF_OPEN_LOTS]
        kinds = [kind for kind in kinds if kind != Kind.EXTEND or lot.expires_at]
    if lot.escheat_class is None and lot_origins.expired(lot.customer_id).get(lot.id):
        kinds.append(Kind.REINSTATE)
    return kinds


def _is_adjusted(customer: Customer) -> bool:
    is_own = customer.sandbox_of_id is None and customer.pk != HOUSE_ID
    return is_own and customer.status != CustomerStatus.CLOSED


def _form(row: Any, kind: str) -> str:
    name = ("lot", ids.encode(LOT, row.id))
    if isinstance(row, Reservation):
        name = ("call", shown.name_of(row))
    page = reverse("admin:billing_customer_adjust", args=[row.customer_id])
    return f"{page}?{urlencode([('kind', kind), name])}"


def _lead_back(model: type[Model]) -> None:
    """Beside whatever its page shows by now: this is imported last."""
    known = type(admin.site.get_model_admin(model))
    admin.site.unregister(model)
    named = {"__module__": __name__}
    admin.site.register(model, type(f"Adjusted{known.__name__}", (Adjusted, known), named))


for linked in (Lot, Reservation, Transaction, Transfer, Purchase):
    _lead_back(linked)
