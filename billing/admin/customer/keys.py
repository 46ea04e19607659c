"""API keys: those that work in front."""

from datetime import datetime
from typing import Final

from django.db.models import F
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import ApiKey
from billing.admin.customer.section import ROWS_MAX, Looked, Section, at, badge, resolved
from ledger.admin import shown

COLUMNS: Final = ("Key", "Name", "State", "Made", "Last used", "Expires", "")


def section(looked: Looked) -> Section:
    found = looked.customer.api_keys.order_by(
        F("revoked_at").desc(nulls_first=True), "-created_at"
    )[: ROWS_MAX + 1]
    all_keys = reverse("admin:accounts_apikey_changelist")
    return Section(
        "API keys",
        COLUMNS,
        [_row(key, looked) for key in found[:ROWS_MAX]],
        none="No key was made.",
        told="There are more." if len(found) > ROWS_MAX else "",
        all=f"{all_keys}?customer__id__exact={looked.customer.pk}",
        is_wide=True,
    )


def _row(key: ApiKey, looked: Looked) -> list[object]:
    page = reverse("admin:accounts_apikey_change", args=[key.pk])
    can_revoke = key.revoked_at is None and looked.may("accounts.revoke_key")
    return [
        format_html('<a href="{}"><code>{}…</code></a>', page, key.prefix),
        key.name or "-",
        _state(key, looked.instant),
        at(key.created_at),
        at(key.last_used_at) if key.last_used_at else "never",
        at(key.expires_at) if key.expires_at else "never",
        _revoke(key) if can_revoke else "",
    ]


def _state(key: ApiKey, now: datetime) -> SafeString:
    if key.revoked_at:
        return badge("revoked")
    if key.expires_at and key.expires_at <= now:
        return badge("expired")
    if key.suspended_at:
        return badge("suspended by staff" if key.suspended_by_provider else "suspended", "bad")
    return badge("replaced", "warn") if key.replaced_by_id else badge("works", "good")


def _revoke(key: ApiKey) -> str | SafeString:
    page = resolved("accounts_apikey_revoke", id=key.pk)
    return shown.link(page, "Revoke") if page else ""
