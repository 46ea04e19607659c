from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User
from billing.adjustments import reasons
from billing.models import Adjustment, AdjustmentState
from ledger import selectors


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((one.value, one.label) for one in AdjustmentState), ("expired", "Expired")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = selectors.now()
        if self.value() == "expired":
            return queryset.filter(state=AdjustmentState.WAITING, waits_until__lte=now)
        if self.value() == AdjustmentState.WAITING:
            return queryset.filter(state=AdjustmentState.WAITING, waits_until__gt=now)
        return queryset.filter(state=self.value()) if self.value() else queryset


class ReasonFilter(admin.SimpleListFilter):
    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return reasons.all_choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class PersonFilter(admin.SimpleListFilter):
    """Who asked for some."""

    title = "person"
    parameter_name = "person"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = User.objects.filter(id__in=Adjustment.objects.values("asked_by")).order_by("email")
        return [(str(user.pk), user.email) for user in asked[:100]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = {id for id, _ in self.lookup_choices}
        return queryset.filter(asked_by=self.value()) if self.value() in known else queryset
