"""Staff's pages. They write through services, and nothing here is ever deleted."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.auth import admin as auth_admin
from django.contrib.auth import forms as auth_forms
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.module_loading import import_string

from accounts import acts, ids, limits_of_keys, services
from accounts.acting_admin import ActingAdmin
from accounts.errors import InvalidId
from accounts.keys import SHOWN_LENGTH, KeyKind
from accounts.models import HOUSE_ID, ApiKey, Customer, Member, Scope, Service, ServiceKey, User
from accounts.services import NewApiKey, NewServiceKey

# Generic for the type checker only: Django's own classes take no parameter at run time.
if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
    UserChangeForm = auth_forms.UserChangeForm[User]
    UserModelAdmin = auth_admin.UserAdmin[Any]
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelForm = forms.ModelForm
    UserChangeForm = auth_forms.UserChangeForm
    UserModelAdmin = auth_admin.UserAdmin
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline


KINDS = set(KeyKind)


class KeptAdmin(ActingAdmin):
    """Nothing is ever deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        found = queryset.filter(self.named(term))
        if found.exists():
            return found, False
        return super().get_search_results(request, queryset, term)

    def named(self, term: str) -> Q:
        """What an id in its outside form stands for."""
        return Q(pk=None)


def keys_named(term: str) -> Q:
    """By its id or by its beginning, of which no more is kept than the first characters."""
    try:
        return Q(id=ids.decode(ids.KEY, term))
    except InvalidId:
        is_key = term.partition("_")[0] in KINDS
        return Q(prefix__startswith=term[:SHOWN_LENGTH]) if is_key else Q(pk=None)


class UserAddForm(auth_forms.AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


class UserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(UserModelAdmin):
    form = UserForm
    add_form = UserAddForm
    ordering = ["email"]
    list_display = ["email", "name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "name"]
    readonly_fields = ["created_at", "last_login"]
    actions = ["turn_off_second_factor"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        (
            "Permissions",
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        ("Dates", {"fields": ["created_at", "last_login"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "name", "usable_password", "password1", "password2"]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    @admin.action(description="Turn off the second factor: phone lost", permissions=["change"])
    def turn_off_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            services.turn_off_second_factor(user)
            self.log_change(request, user, "Turned off the second factor.")

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Staff answer for the address that they give."""
        super().save_model(request, obj, form, change)
        if not change or "email" in form.changed_data:
            services.verify_address(obj)


class MemberInline(TabularInline):
    model = Member
    autocomplete_fields = ["user"]
    extra = 0


class SandboxFilter(SimpleListFilter):
    """Customers are those who pay: sandboxes are listed where somebody asks for them."""

    title = "sandboxes"
    parameter_name = "sandboxes"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("only", "Only sandboxes"), ("all", "Both")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": "Customers"} if choice["display"] == "All" else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(sandbox_of__isnull=self.value() != "only")


@admin.register(Customer)
class CustomerAdmin(KeptAdmin):
    list_display = ["name", "email", "external_id", "status", "created_at"]
    list_filter = ["status", SandboxFilter]
    search_fields = ["name", "email", "external_id"]
    search_help_text = "A name, e-mail or external id, or cus_…"
    fields = [
        "name",
        "email",
        "external_id",
        "metadata",
        "time_zone",
        "status",
        "sandbox_of",
        "created_at",
    ]
    readonly_fields = ["status", "sandbox_of", "created_at"]
    inlines = [MemberInline]
    acts = [acts.SUSPEND_CUSTOMER, acts.RESUME_CUSTOMER]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        """Without the house, which is nobody's customer and must stay as it is."""
        return super().get_queryset(request).exclude(id=HOUSE_ID)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        zone = import_string(settings.PROVIDERS_TIME_ZONE)()
        return {"time_zone": zone, **super().get_changeform_initial_data(request)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A sandbox follows its customer."""
        own = ["name", "time_zone"] if obj and obj.sandbox_of_id else []
        return [*self.readonly_fields, *own]

    def named(self, term: str) -> Q:
        try:
            return Q(id=ids.decode(ids.CUSTOMER, term))
        except InvalidId:
            return Q(pk=None)

    def save_model(
        self, request: HttpRequest, obj: Customer, form: ModelForm, change: bool
    ) -> None:
        if change:
            services.update_customer(
                obj, **{name: form.cleaned_data[name] for name in form.changed_data}
            )
        else:
            obj.__dict__.update(services.create_customer(**form.cleaned_data).__dict__)


@admin.register(Service)
class ServiceAdmin(KeptAdmin):
    list_display = ["name", "created_at"]
    search_fields = ["name"]


class KeyAdmin(KeptAdmin):
    """A key is made and revoked, never edited. Its secret is in the message after making it."""

    date_hierarchy = "created_at"
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    search_help_text = "Whose it is, its name, its beginning, or key_…"
    acts = [acts.REVOKE_KEY]
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


@admin.register(ServiceKey)
class ServiceKeyAdmin(KeyAdmin):
    create = staticmethod(services.create_service_key)
    list_display = [
        "prefix",
        "service",
        "name",
        "scopes",
        "last_used_at",
        "expires_at",
        "revoked_at",
    ]
    list_select_related = ["service"]
    search_fields = ["name", "service__name"]

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        if db_field.name == "scopes":
            return forms.MultipleChoiceField(
                # As the API writes them.
                choices=[(scope, scope.value) for scope in Scope],
                widget=forms.CheckboxSelectMultiple,
            )
        return super().formfield_for_dbfield(db_field, request, **options)


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
