from django.urls import path

from billing.portal import (
    alert_views,
    checkout_views,
    overview_views,
    profile_views,
    purchase_views,
    refund_views,
    top_up_views,
)

urlpatterns = [
    path("", overview_views.overview, name="overview"),
    path("figures/", overview_views.figures, name="figures"),
    path("alerts/", alert_views.alerts, name="alerts"),
    path("alerts/mails/", alert_views.mails, name="alert-mails"),
    path("alerts/test/", alert_views.test, name="test-alert"),
    path("alerts/thresholds/", alert_views.add_threshold, name="add-threshold"),
    path(
        "alerts/thresholds/<uuid:threshold_id>/",
        alert_views.change_threshold,
        name="change-threshold",
    ),
    path(
        "alerts/thresholds/<uuid:threshold_id>/remove/",
        alert_views.remove_threshold,
        name="remove-threshold",
    ),
    path("buy/", checkout_views.buy, name="buy"),
    path("top-up/", top_up_views.top_up, name="top-up"),
    path("top-up/off/", top_up_views.turn_off, name="top-up-off"),
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
]
