from django.urls import path

from billing.portal import sandbox_views
from billing.portal.alerts import views as alert_views
from billing.portal.calls import views as call_views
from billing.portal.limits import views as limit_views
from billing.portal.lots import views as lot_views
from billing.portal.overview import views as overview_views
from billing.portal.plan import views as plan_views
from billing.portal.prices import views as price_views
from billing.portal.purchases import checkout_views, profile_views, refund_views
from billing.portal.purchases import views as purchase_views
from billing.portal.start import views as start_views
from billing.portal.statement import views as statement_views
from billing.portal.top_up import views as top_up_views
from billing.portal.usage import views as usage_views
from billing.portal.webhooks import delivery_views as webhook_delivery_views
from billing.portal.webhooks import views as webhook_views

urlpatterns = [
    path("", overview_views.overview, name="overview"),
    path("figures/", overview_views.figures, name="figures"),
    path("needs/", overview_views.needs, name="needs"),
    path("recent/", overview_views.recent, name="recent-usage"),
    path("usage/", usage_views.usage_page, name="usage"),
    path("usage/now/", usage_views.usage_now, name="usage-now"),
    path("usage/usage.csv", usage_views.usage_csv, name="usage-csv"),
    path("alerts/", alert_views.alerts, name="alerts"),
    path("alerts/mails/", alert_views.mails, name="alert-mails"),
    path("alerts/events/", alert_views.events, name="told-events"),
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
    path("calls/", call_views.calls, name="calls"),
    path("calls/calls.csv", call_views.calls_csv, name="calls-csv"),
    path("calls/more/", call_views.more, name="more-calls"),
    path("calls/new/", call_views.new, name="new-calls"),
    path("calls/<str:call_id>/", call_views.call, name="call"),
    path("statement/", statement_views.statement, name="statement"),
    path("statement/statement.csv", statement_views.statement_csv, name="statement-csv"),
    path("statement/statement.pdf", statement_views.statement_as_pdf, name="statement-pdf"),
    path("lots/", lot_views.lots, name="lots"),
    path("lots/lots.csv", lot_views.lots_csv, name="lots-csv"),
    path("lots/<uuid:lot_id>/", lot_views.lot, name="lot"),
    path("limits/", limit_views.limits_page, name="limits"),
    path("limits/now/", limit_views.limits_now, name="limits-now"),
    path("limits/set/", limit_views.set_limit, name="set-limit"),
    path("limits/remove/", limit_views.remove_limit, name="remove-limit"),
    path("buy/", checkout_views.buy, name="buy"),
    path("top-up/", top_up_views.top_up, name="top-up"),
    path("top-up/off/", top_up_views.turn_off, name="top-up-off"),
    path("plan/", plan_views.plan, name="plan"),
    path("plan/choose/<uuid:plan_id>/", plan_views.choose, name="plan-choose"),
    path("plan/cancel/", plan_views.cancel, name="plan-cancel"),
    path("plan/resume/", plan_views.resume, name="plan-resume"),
    path("plan/card/", plan_views.use_card, name="plan-card"),
    path("plan/invoices/<uuid:invoice_id>/", plan_views.pay, name="pay-invoice"),
    path("plan/invoices/<uuid:invoice_id>/invoice.pdf", plan_views.invoice_pdf, name="invoice-pdf"),
    path("prices/", price_views.prices, name="prices"),
    path("prices/estimate/", price_views.estimate, name="price-estimate"),
    path("purchases/", purchase_views.purchases, name="purchases"),
    path("purchases/purchases.csv", purchase_views.download, name="purchases-csv"),
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
    path("sandbox/", sandbox_views.sandbox, name="sandbox"),
    path("sandbox/refill/", sandbox_views.refill, name="refill-sandbox"),
    path("sandbox/clock/", sandbox_views.move_clock, name="move-sandbox-clock"),
    path("start/", start_views.start, name="start"),
    path("start/calls/", start_views.calls, name="first-calls"),
    path("webhooks/", webhook_views.endpoints, name="webhooks"),
    path("webhooks/events/", webhook_views.event_types, name="webhook-events"),
    path("webhooks/<uuid:endpoint_id>/", webhook_delivery_views.log, name="webhook-endpoint"),
    path("webhooks/<uuid:endpoint_id>/edit/", webhook_views.edit, name="edit-webhook"),
    path("webhooks/<uuid:endpoint_id>/switch/", webhook_views.switch, name="switch-webhook"),
    path("webhooks/<uuid:endpoint_id>/rotate/", webhook_views.rotate, name="rotate-webhook"),
    path(
        "webhooks/<uuid:endpoint_id>/end-old-secret/",
        webhook_views.end_old_secret,
        name="end-old-webhook-secret",
    ),
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
