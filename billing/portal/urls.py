from django.urls import path

from billing.portal import (
    checkout_views,
    overview_views,
    profile_views,
    purchase_views,
    refund_views,
    webhook_delivery_views,
    webhook_views,
)

urlpatterns = [
    path("", overview_views.overview, name="overview"),
    path("figures/", overview_views.figures, name="figures"),
    path("buy/", checkout_views.buy, name="buy"),
    path("purchases/", purchase_views.purchases, name="purchases"),
    path("purchases/billing/", profile_views.profile, name="billing-profile"),
    path("purchases/billing/cards/<int:card_id>/", profile_views.remove_card, name="remove-card"),
    path("purchases/<uuid:purchase_id>/", purchase_views.purchase, name="purchase"),
    path("purchases/<uuid:purchase_id>/checkout/", checkout_views.outcome, name="checkout-outcome"),
    path(
        "purchases/<uuid:purchase_id>/checkout/state/",
        checkout_views.outcome_state,
        name="checkout-state",
    ),
    path("purchases/<uuid:purchase_id>/refund/", refund_views.refund, name="refund"),
    path(
        "purchases/<uuid:purchase_id>/refund/preview/",
        refund_views.preview,
        name="refund-preview",
    ),
    path("purchases/<uuid:purchase_id>/<str:name>.pdf", purchase_views.document, name="document"),
    path("webhooks/", webhook_views.endpoints, name="webhooks"),
    path("webhooks/events/", webhook_views.event_types, name="webhook-events"),
    path("webhooks/<uuid:endpoint_id>/", webhook_delivery_views.log, name="webhook-endpoint"),
    path("webhooks/<uuid:endpoint_id>/edit/", webhook_views.edit, name="edit-webhook"),
    path("webhooks/<uuid:endpoint_id>/switch/", webhook_views.switch, name="switch-webhook"),
    path("webhooks/<uuid:endpoint_id>/rotate/", webhook_views.rotate, name="rotate-webhook"),
    path("webhooks/<uuid:endpoint_id>/remove/", webhook_views.remove, name="remove-webhook"),
    path("webhooks/<uuid:endpoint_id>/test/", webhook_delivery_views.test, name="test-webhook"),
    path("webhooks/<uuid:endpoint_id>/resend/", webhook_delivery_views.resend, name="resend-range"),
    path(
        "webhooks/<uuid:endpoint_id>/deliveries/<int:delivery_id>/",
        webhook_delivery_views.delivery,
        name="webhook-delivery",
    ),
    path(
        "webhooks/<uuid:endpoint_id>/deliveries/<int:delivery_id>/resend/",
        webhook_delivery_views.resend_one,
        name="resend-webhook",
    ),
]
