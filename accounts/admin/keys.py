from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest

from accounts import acts, ids, limits_of_keys, services
from accounts.admin.kept import KeptAdmin, ModelForm
from accounts.errors import InvalidId
from accounts.keys import SHOWN_LENGTH, KeyKind
from accounts.models import ApiKey
from accounts.services import NewApiKey, NewServiceKey

KINDS = set(KeyKind)


def keys_named(term: str) -> Q:
    """By its id or by its beginning, of which no more is kept than the first characters."""
    try:
        return Q(id=ids.decode(ids.KEY, term))
    except InvalidId:
        is_key = term.partition("_")[0] in KINDS
        return Q(prefix__startswith=term[:SHOWN_LENGTH]) if is_key else Q(pk=None)


class KeyAdmin(KeptAdmin):
    """A key is made and revoked, never edited. Its secret is in the message after making it."""

    date_hierarchy = "created_at"
    linked_by = ["customer"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_help_text = "Whose it is, its name, its beginning, or key_…"
    create: ClassVar[Callable[..., NewServiceKey | NewApiKey]]
    also_shown: ClassVar[list[str]] = []

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def named(self, term: str) -> Q:
        return keys_named(term)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return (
            ["prefix", "created_at", "last_used_at", "revoked_at", *self.also_shown] if obj else []
        )

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        key, secret = self.create(**form.cleaned_data)
        obj.__dict__.update(key.__dict__)
        messages.warning(request, f"Copy the key now, it is not shown again: {secret}")


class ApiKeyForm(ModelForm):
    """Codes and networks have commas between them."""

    class Meta:
        model = ApiKey
        fields = ("customer", "name", "expires_at", "endpoints", "networks")

    def clean_endpoints(self) -> list[str] | None:
        return limits_of_keys.endpoints(self.cleaned_data["endpoints"] or None)

    def clean_networks(self) -> list[str]:
        return limits_of_keys.networks(self.cleaned_data["networks"] or [])


@admin.register(ApiKey)
class ApiKeyAdmin(KeyAdmin):
    create = staticmethod(services.create_api_key)
    form = ApiKeyForm
    also_shown = ["suspended_at", "suspended_by_provider", "suspended_by_both", "replaced_by"]
    acts = [acts.REVOKE_KEY, acts.SUSPEND_KEY, acts.RESUME_KEY]
    autocomplete_fields = ["customer"]
    list_display = [
        "prefix",
        "customer",
        "name",
        "last_used_at",
        "expires_at",
        "suspended_at",
        "revoked_at",
    ]
    list_select_related = ["customer"]
    search_fields = ["name", "customer__name", "customer__email", "customer__external_id"]
