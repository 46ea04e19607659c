from django.urls import path

from billing.providers.sandbox import pages
from billing.webhooks import WebhookView

urlpatterns = [
    path("billing/webhooks/<slug:provider>", WebhookView.as_view(), name="webhook"),
    path("pay/test/<slug:ref>", pages.checkout, name="test-provider"),
    path("pay/test/<slug:ref>/<slug:act>", pages.act, name="test-provider-act"),
]
