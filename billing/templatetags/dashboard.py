"""The dashboard, for the index of staff's site: that is made before any page of billing is."""

from typing import Any

from django import template

from billing.admin.dashboard import views

register = template.Library()


@register.simple_tag(takes_context=True)
def dashboard(context: dict[str, Any]) -> dict[str, Any]:
    """Empty for who may not see it."""
    return views.told(context["request"])
