"""Windows on what was bought and told: to be looked at, never to be changed. Their keys are in
order of time, so the last page needs no more of a table than itself."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from accounts.errors import InvalidId
from ledger.admin import searching
from ledger.admin.windows import WindowAdmin, WindowList


class KeyedList(WindowList):
    """Of rows that their own key tells apart."""

    def url_for_result(self, result: Any) -> str:
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(page, args=[result.pk])


class BillingWindow(WindowAdmin):
    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return KeyedList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        return super(WindowAdmin, self).get_object(request, object_id, from_field)

    def searched(self, term: str) -> Q:
        try:
            return searching.named(term, self.id_columns)
        except InvalidId:
            return self.called(term) or searching.of_customers(term) or Q(pk=None)

    def called(self, term: str) -> Q | None:
        """What a number or a provider's reference stands for."""


class ProviderFilter(admin.SimpleListFilter):
    """Django's own would go through all rows for what there is."""

    title = "provider"
    parameter_name = "provider"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name.capitalize()) for name in settings.PAYMENT_PROVIDERS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(provider=self.value()) if self.value() else queryset
