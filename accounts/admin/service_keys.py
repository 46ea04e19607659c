from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from accounts import services
from accounts.admin.kept import KeptAdmin
from accounts.admin.keys import KeyAdmin
from accounts.models import Scope, Service, ServiceKey


@admin.register(Service)
class ServiceAdmin(KeptAdmin):
    list_display = ["name", "created_at"]
    search_fields = ["name"]


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
