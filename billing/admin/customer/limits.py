"""The limits in force, and what is used of them."""

from typing import Final

from django.urls import reverse

from billing.admin.customer.section import ROWS_MAX, Looked, Section
from ledger.limits import in_words as limits_in_words

COLUMNS: Final = ("Whose", "Limit", "Used", "Given by")


def section(looked: Looked) -> Section:
    lines = limits_in_words.of(looked.customer)
    rows = [[line.whose, line.what, line.used or "-", line.source] for line in lines[:ROWS_MAX]]
    return Section(
        "Limits",
        COLUMNS,
        rows,
        none="None is given.",
        told="There are more." if len(lines) > ROWS_MAX else "",
        all=reverse("admin:accounts_customer_limits", args=[looked.customer.pk]),
    )
