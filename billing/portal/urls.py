from django.urls import path

from billing.portal import (
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
