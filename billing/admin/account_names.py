from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field
from django.http import HttpRequest

from accounts.admin import KeptAdmin
from billing.books.rows import rows
from billing.models import AccountName


@admin.register(AccountName)
class AccountNameAdmin(KeptAdmin):
    """What is not named here is called as our chart calls it."""

    list_display = ["code", "target", "account_name", "tax_rate", "party"]
    list_filter = ["target"]
    ordering = ["target", "code"]
    search_fields = ["code", "account_name"]

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name == "code":
            return forms.ChoiceField(choices=_chart(), label="Account")
        return super().formfield_for_dbfield(db_field, request, **kwargs)


def _chart() -> list[tuple[str, str]]:
    chart = rows("select code, name from ledger_account where unit = 'money' order by code")
    return [(code, f"{code} {name}") for code, name in chart]
