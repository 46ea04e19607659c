"""What staff put right by hand, and what waits for a second person."""

from typing import Final

from django.db.models import Q

from billing.admin import shown as billing_shown
from billing.admin.adjustments import told
from billing.admin.customer.section import ROWS_MAX, Looked, Section, at, badge, whole_list
from billing.models import Adjustment
from ledger.admin import shown

COLUMNS: Final = ("Asked", "What", "Reason", "#Size", "State", "By")


def section(looked: Looked) -> Section:
    own = Q(customer=looked.customer) | Q(receiver=looked.customer)
    found = Adjustment.objects.filter(own).select_related("asked_by").order_by("-asked_at")
    return Section(
        "Adjustments",
        COLUMNS,
        [_row(one) for one in found[:ROWS_MAX]],
        none="Nothing was adjusted.",
        all=whole_list(looked, "billing_adjustment"),
        is_wide=True,
    )


def _row(one: Adjustment) -> list[object]:
    tone = "warn" if one.state == "waiting" else ""
    return [
        shown.link(billing_shown.page(one), at(one.asked_at)),
        one.get_kind_display(),
        one.reason,
        told.size(one),
        badge(one.state, tone),
        one.asked_by.email,
    ]
