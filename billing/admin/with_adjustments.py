"""Where lots, calls, transfers and purchases lead to what was adjusted of them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from billing.admin import shown as billing_shown
from billing.models import Adjustment, Purchase
from ledger.models import Lot, Reservation, Transfer


def _told(found: Iterable[Adjustment]) -> SafeString:
    rows = ((billing_shown.page(one), one.name, one.kind, one.state) for one in found)
    listed = format_html_join(SafeString("<br>"), '<a href="{}">{}</a> {}, {}', rows)
    return listed or SafeString("-")


class Adjusted:
    """One more field: a link to each."""

    fields: Any

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.fields, "adjustments"]

    @admin.display
    def adjustments(self, row: Any) -> SafeString:
        return _told(Adjustment.objects.filter(about(row)).order_by("asked_at"))


def about(row: Any) -> Q:
    if isinstance(row, Purchase):
        return Q(purchase=row)
    own = Q(customer_id=row.customer_id)
    if isinstance(row, Lot):
        return own & Q(lot_id=row.id)
    if isinstance(row, Reservation):
        return own & Q(reservation_id=row.id)
    made = Q(transactions__contains=[row.transaction_id])
    given = own | Q(receiver_id=row.customer_id)
    return given & (made | Q(transaction_id=row.transaction_id))


def _lead_back(model: type[Model]) -> None:
    """Beside whatever its page shows by now: this is imported last."""
    known = type(admin.site.get_model_admin(model))
    admin.site.unregister(model)
    named = {"__module__": __name__}
    admin.site.register(model, type(f"Adjusted{known.__name__}", (Adjusted, known), named))


for linked in (Lot, Reservation, Transfer, Purchase):
    _lead_back(linked)
