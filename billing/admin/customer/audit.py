"""Who changed what of this customer."""

from typing import Any, Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.audit import hidden_from
from accounts.audit_entries import is_in_words
from accounts.models import AuditEntry
from billing.admin.customer.section import ROWS_MAX, Looked, Section, at, whole_list
from ledger.admin import shown

COLUMNS: Final = ("At", "Who", "Did", "What changed", "From", "Request")
FIELDS_MAX: Final = 4
VALUE_MAX: Final = 40
# The entry says these itself.
OF_THE_ROW: Final = {"id", "at", "created_at", "customer_id", "written_by_id"}


def section(looked: Looked) -> Section:
    hidden = hidden_from(looked.request)
    found = AuditEntry.objects.filter(customer=looked.customer).exclude(table__in=hidden)
    found = found.select_related("person", "service").order_by("-id")
    return Section(
        "Audit",
        COLUMNS,
        [_row(entry) for entry in found[:ROWS_MAX]],
        none="Nobody has changed anything.",
        all=whole_list(looked, "accounts_auditentry"),
        is_wide=True,
    )


def _row(entry: AuditEntry) -> list[object]:
    return [
        at(entry.at),
        _who(entry),
        entry.action,
        _what(entry),
        entry.address or "-",
        shown.cut(entry.request_id),
    ]


def _who(entry: AuditEntry) -> str:
    who = entry.person or entry.service
    return f"{who}, {entry.via}" if who else entry.via


def _what(entry: AuditEntry) -> SafeString:
    """Each field, from what to what; of an act that was confirmed, what was done."""
    before, after = dict(entry.before or {}), dict(entry.after or {})
    in_words: list[str] = []
    if is_in_words(entry):
        del before["now"]
        in_words = [str(after.pop("done"))]
    names = sorted((before.keys() | after.keys()) - OF_THE_ROW)
    told = in_words + [f"{name}: {_change(name, before, after)}" for name in names[:FIELDS_MAX]]
    more = f" and {len(names) - FIELDS_MAX} more" if len(names) > FIELDS_MAX else ""
    return format_html('<span class="said">{}</span>', "; ".join(told) + more or "-")


def _change(name: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    values = [_value(one[name]) for one in (before, after) if name in one]
    return " to ".join(values)


def _value(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= VALUE_MAX else f"{text[: VALUE_MAX - 1]}…"
