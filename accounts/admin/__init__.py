"""Staff's pages. They write through services, and nothing here is ever deleted."""

from accounts.admin import audit, people, service_keys, sessions
from accounts.admin.customers import CustomerAdmin
from accounts.admin.kept import KeptAdmin, ModelAdmin, ModelForm, TabularInline
from accounts.admin.keys import keys_named

__all__ = [
    "CustomerAdmin",
    "KeptAdmin",
    "ModelAdmin",
    "ModelForm",
    "TabularInline",
    "audit",
    "keys_named",
    "people",
    "service_keys",
    "sessions",
]
