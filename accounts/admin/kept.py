"""What the admin's classes of all rooms come from."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

# Generic for the type checker only: Django's own classes take no parameter at run time.
if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelForm = forms.ModelForm
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline


class KeptAdmin(ModelAdmin):
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
