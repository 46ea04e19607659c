"""No page of staff's changes or deletes history, whoever asks: tried on every model that has pages,
as a superuser. A new model has to be named here, as one or the other."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.test import RequestFactory
from django.urls import reverse

from accounts.models import User
from tests.config.test_admin import acme, models, snapshot, staff

__all__ = ["acme", "staff"]

# What happened. Rows are written by services as it happens, and by no page.
HISTORY = {
    *("Wallet", "Lot", "Reservation", "Transfer", "Transaction", "Event"),
    *("Purchase", "Document", "ProviderEvent", "TopUp", "Invoice"),
    *("Alert", "ExpiryNotice", "Mail", "WebhookDelivery"),
    *("Period", "Report", "Estimate", "UnclaimedProperty", "BooksCheck", "PartnerPayout"),
    *("Job", "BackTest", "Margin"),
    *("Adjustment", "AdjustmentBatch", "AccountClosing", "Erasure", "OpeningImport"),
    *("Note", "PaymentMethod", "AuditEntry"),
}
# What staff write, or decide of, by forms and actions of their own. Nothing of it is deleted.
WRITTEN = {
    *("Customer", "ApiKey", "User", "UserSession", "Service", "ServiceKey"),
    *("Endpoint", "RateCard", "Price", "PriceGroup", "PriceTerms", "OpenApiFile"),
    *("Pack", "TaxRate", "Plan", "Subscription", "TopUpSettings", "WebhookEndpoint"),
    *("Policy", "EscheatClass", "ExchangeRate", "AccountName", "Partner", "PartnerTerm"),
    *("EndpointCost", "MarginTarget", "RefusedEvent", "AdjustmentLimit"),
}
# Added by a form, and then history.
ADDED = {"BackTest", "Estimate", "PartnerPayout"}
# Pages of figures, which have no rows of their own.
FIGURES = {"Report", "Margin"}


def named(names):
    return [model for model in admin.site._registry if model.__name__ in names]


def keys(model):
    row = model._default_manager.last()
    own = str(row.pk)
    customer = getattr(row, "customer_id", None)
    return [own, customer.hex + row.pk.hex] if hasattr(row.pk, "hex") and customer else [own]


def actions(page):
    own = [getattr(action, "__name__", action) for action in page.actions or ["delete_selected"]]
    return [*own, *(act.code for act in getattr(page, "acts", ()))]


def snapshots():
    return {model: snapshot(model) for model in named(HISTORY - FIGURES)}


def test_each_model_is_named():
    registered = [model.__name__ for model in admin.site._registry]
    assert len(registered) == len(set(registered))
    assert set() == HISTORY & WRITTEN
    assert set(registered) == HISTORY | WRITTEN


@pytest.fixture
def boss(rf: RequestFactory, db):
    request = rf.get("/")
    request.user = User.objects.create_superuser("chief@example.com")
    return request


def test_no_one_may_change_or_delete_history(boss):
    for model in named(HISTORY):
        page = admin.site._registry[model]
        assert not page.has_change_permission(boss), model
        assert not page.has_delete_permission(boss), model
        assert not page.has_add_permission(boss) or model.__name__ in ADDED, model
        assert "delete_selected" not in page.get_actions(boss), model
        assert page.list_editable == (), model
        assert not page.get_inline_instances(boss), model


def test_and_nothing_at_all_may_be_deleted(boss):
    for model in models():
        page = admin.site._registry[model]
        assert not page.has_delete_permission(boss), model
        assert "delete_selected" not in page.get_actions(boss), model


def test_history_is_the_same_after_every_page_was_posted_to(staff, acme):
    before = snapshots()
    assert [model for model, rows in before.items() if not rows] == []
    tried = 0
    for model in named(HISTORY - FIGURES):
        name = f"admin:{model._meta.label_lower.replace('.', '_')}"
        # A form filled in as one that would save all of it.
        fields = {field.name: "1" for field in model._meta.concrete_fields}
        posted = fields | {"post": "yes", "_save": "Save", "_popup": "1"}
        for key in keys(model):
            for page in ("change", "delete", "history"):
                answer = staff.post(reverse(f"{name}_{page}", args=[key]), posted)
                assert answer.status_code in (200, 302, 403), (model, page)
                tried += 1
            for action in actions(admin.site._registry[model]):
                chosen = {"action": action, "_selected_action": [unquote(key)], "post": "yes"}
                staff.post(reverse(f"{name}_changelist"), chosen | {"index": "0"})
        if model.__name__ not in ADDED:
            assert staff.post(reverse(f"{name}_add"), posted).status_code == 403, model
    assert tried > 60
    assert snapshots() == before
