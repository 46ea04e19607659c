from django.urls import path

from ledger.api.calls import CallsView, UsageView
from ledger.api.limits import LimitsView
from ledger.api.prices import EndpointsView, EstimateView
from ledger.api.reservations import ReservationsView, ReservationView
from ledger.api.sandbox import ClockView, RefillView, SandboxView
from ledger.api.statement import StatementView
from ledger.api.wallet import BalanceView, GrantsView, LotsView, TransactionsView

urlpatterns = [
    path("customers/<str:customer_id>/grants", GrantsView.as_view()),
    path("customers/<str:customer_id>/balance", BalanceView.as_view()),
    path("customers/<str:customer_id>/lots", LotsView.as_view()),
    path("customers/<str:customer_id>/transactions", TransactionsView.as_view()),
    path("customers/<str:customer_id>/statement", StatementView.as_view()),
    path("customers/<str:customer_id>/calls", CallsView.as_view()),
    path("customers/<str:customer_id>/usage", UsageView.as_view()),
    path("customers/<str:customer_id>/sandbox", SandboxView.as_view()),
    path("customers/<str:customer_id>/sandbox/refill", RefillView.as_view()),
    path("customers/<str:customer_id>/sandbox/clock", ClockView.as_view()),
    path("customers/<str:customer_id>/limits", LimitsView.as_view()),
    path("reservations", ReservationsView.as_view()),
    path("reservations/<str:reservation_id>", ReservationView.as_view()),
    path("endpoints", EndpointsView.as_view()),
    path("estimate", EstimateView.as_view()),
]
