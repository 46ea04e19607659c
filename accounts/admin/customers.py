from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.module_loading import import_string

from accounts import ids, services
from accounts.admin.kept import KeptAdmin, ModelForm, TabularInline
from accounts.errors import InvalidId
from accounts.models import HOUSE_ID, Customer, Member


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
    ordering = ["-id"]
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
    actions = ["suspend", "resume"]

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

    def has_suspend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.suspend_customer")

    @admin.action(description="Suspend: no new debits", permissions=["suspend"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        for customer in queryset.filter(sandbox_of=None):
            services.suspend_customer(customer)

    @admin.action(description="Resume", permissions=["suspend"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        for customer in queryset.filter(sandbox_of=None):
            services.resume_customer(customer)
