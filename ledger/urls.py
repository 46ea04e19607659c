from django.urls import path

from ledger import api

urlpatterns = [
    path("customers/<str:customer_id>/grants", api.GrantsView.as_view()),
    path("customers/<str:customer_id>/balance", api.BalanceView.as_view()),
    path("customers/<str:customer_id>/lots", api.LotsView.as_view()),
    path("customers/<str:customer_id>/transactions", api.TransactionsView.as_view()),
    path("reservations", api.ReservationsView.as_view()),
    path("reservations/<str:reservation_id>", api.ReservationView.as_view()),
    path("endpoints", api.EndpointsView.as_view()),
]
