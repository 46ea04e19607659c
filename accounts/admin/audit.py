"""Staff's page of the audit: searched, filtered, read side by side and exported. Nothing here is
changed by anybody."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, URLPattern, path, reverse

from accounts import audit, audit_entries, csv_files, ids
from accounts.audit_entries import OF_PEOPLE, Asked, Words, found, is_in_words, key_of, who
from accounts.models import AuditEntry, User, Via

HEADER = (
    *("id", "at", "who", "person", "service", "key", "via", "action", "table", "row"),
    *("customer", "before", "after", "address", "request_id"),
)


class AskForm(forms.Form):
    q = forms.CharField(
        required=False, label="Search", widget=forms.TextInput(attrs={"type": "search"})
    )
    person = forms.CharField(required=False, label="By", help_text="Part of an e-mail address")
    action = forms.ChoiceField(required=False)
    via = forms.ChoiceField(required=False, choices=[("", "Any"), *Via.choices])
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Any"), *((name, name) for name in audit_entries.actions())]
        cast("forms.ChoiceField", self.fields["action"]).choices = choices

    def asked(self) -> Asked:
        """What is wrong is left out; the form says that it is."""
        given = self.cleaned_data
        return Asked(
            term=given.get("q", ""),
            person=given.get("person", ""),
            action=given.get("action", ""),
            via=given.get("via", ""),
            since=given.get("since"),
            until=given.get("until"),
        )


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin[AuditEntry]):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        return [path("export", export, name="accounts_auditentry_export"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._require(request, "accounts.view_auditentry")
        form, words = AskForm(request.GET), Words()
        form.is_valid()
        entries = found(form.asked(), hidden=hidden_from(request))
        page = audit_entries.page(entries, before=_number(request.GET.get("before")))
        shown = page[: audit_entries.PAGE]
        query = {name: value for name, value in request.GET.items() if name != "before" and value}
        context = {
            "title": "Audit",
            "form": form,
            "rows": [_row(entry, words) for entry in shown],
            "query": urlencode(query),
            "older": urlencode(query | {"before": shown[-1].id}) if len(page) > len(shown) else "",
            "is_first": "before" not in request.GET,
            "may_export": request.user.has_perm("accounts.export_audit"),
        }
        return self._page(request, "accounts/admin/audit.html", context, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One entry, before and after side by side."""
        self._require(request, "accounts.view_auditentry")
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        entries = found(Asked(), hidden=hidden_from(request))
        related = entries.select_related("person", "service", "customer")
        entry = related.filter(id=_number(object_id) or 0).first()
        if entry is None:
            raise Http404
        words = Words()
        context = {
            "title": words.act(entry).capitalize(),
            "entry": _row(entry, words),
            "columns": list(_columns(entry, words)),
            "row_page": _page_of(entry, words),
            "key": key_of(entry),
            "same_request": urlencode({"q": entry.request_id}) if entry.request_id else "",
            "same_row": urlencode({"q": entry.row}),
        }
        return self._page(request, "accounts/admin/audit_entry.html", context, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What never changes has none."""
        return self.change_view(request, object_id)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        self._require(request, "accounts.export_audit")
        form = AskForm(request.GET)
        if not form.is_valid():
            # The list says what is wrong: nobody is handed more than was asked for.
            listed = reverse("admin:accounts_auditentry_changelist")
            return redirect(f"{listed}?{request.GET.urlencode()}")
        entries = found(form.asked(), hidden=hidden_from(request))
        asked = {name: value for name, value in request.GET.items() if value}
        audit.record("audit.exported", ("accounts_auditentry", ""), after=asked)
        return csv_files.download("audit.csv", HEADER, map(_line, audit_entries.every(entries)))

    def _require(self, request: HttpRequest, permission: str) -> None:
        if not request.user.has_perm(permission):
            raise PermissionDenied

    def _page(
        self,
        request: HttpRequest,
        template: str,
        context: dict[str, Any],
        more: dict[str, Any] | None,
    ) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        return render(request, template, {**shared, **context, **(more or {})})


def hidden_from(request: HttpRequest) -> set[str]:
    """Tables whose rows this person may not see: nor what they were before and after."""
    hidden = set()
    for model in admin.site._registry:
        opts = model._meta
        if not request.user.has_perm(f"{opts.app_label}.view_{opts.model_name}"):
            hidden.add(opts.db_table)
    return hidden | set(OF_PEOPLE) if User._meta.db_table in hidden else hidden


def _number(text: str | None) -> int | None:
    is_one = text is not None and text.isascii() and text.isdecimal() and len(text) < 19
    return int(text or 0) if is_one else None


def _row(entry: AuditEntry, words: Words) -> dict[str, Any]:
    return {
        "id": entry.id,
        "page": reverse("admin:accounts_auditentry_change", args=[entry.id]),
        "at": f"{entry.at:%Y-%m-%d %H:%M:%S} UTC",
        "who": who(entry),
        "via": entry.get_via_display(),
        "act": words.act(entry),
        "row": entry.row,
        "customer": entry.customer,
        "changed": ", ".join(_names(entry, words)),
        "address": entry.address,
        "request_id": entry.request_id,
    }


def _names(entry: AuditEntry, words: Words) -> Iterator[str]:
    """Of the columns that a change is of; what was added or removed has all of them."""
    if entry.before and entry.after and not is_in_words(entry):
        for name in sorted({**entry.before, **entry.after}):
            yield words.column(entry.table, name)


def _columns(entry: AuditEntry, words: Words) -> Iterator[dict[str, str]]:
    before, after = dict(entry.before or {}), dict(entry.after or {})
    if is_in_words(entry):
        stood, done = before.pop("now"), after.pop("done")
        yield {"name": "in words", "before": str(stood), "after": str(done)}
    names = sorted({**before, **after})
    of_people = [name for name in names if words.is_person(entry.table, name)]
    known = _emails([one.get(name) for one in (before, after) for name in of_people])
    for name in names:
        told = known if name in of_people else {}
        yield {
            "name": words.column(entry.table, name),
            "before": _value(before, name, told),
            "after": _value(after, name, told),
        }


def _emails(people: list[Any]) -> dict[str, str]:
    """By id. Of somebody who is gone it stays an id."""
    found = User.objects.filter(id__in={id for id in people if _is_id(id)})
    return {str(id): email for id, email in found.values_list("id", "email")}


def _is_id(value: Any) -> bool:
    try:
        return bool(UUID(value))
    except (AttributeError, TypeError, ValueError):
        return False


def _value(values: dict[str, Any], name: str, people: Mapping[str, str]) -> str:
    value = values.get(name)
    if value is None:
        return "-"
    value = people.get(value, value) if isinstance(value, str) else value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)


def _page_of(entry: AuditEntry, words: Words) -> str | None:
    """Where the row is shown, if it is anywhere."""
    model = words.models.get(entry.table)
    if model is None or model not in admin.site._registry:
        return None
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    try:
        return reverse(name, args=[entry.row])
    except NoReverseMatch:
        return None


def _line(entry: AuditEntry) -> tuple[str, ...]:
    told = (
        *(str(entry.id), entry.at.isoformat(), who(entry)),
        entry.person.email if entry.person else "",
        entry.service.name if entry.service else "",
        *(key_of(entry), entry.via, entry.action, entry.table, entry.row),
        ids.encode(ids.CUSTOMER, entry.customer_id) if entry.customer_id else "",
        *(_text(entry.before), _text(entry.after)),
        *(entry.address or "", entry.request_id),
    )
    return tuple(map(csv_files.safe, told))


def _text(values: Any) -> str:
    return "" if values is None else json.dumps(values, ensure_ascii=False)
