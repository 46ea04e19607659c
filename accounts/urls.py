from django.urls import path

from accounts import api

urlpatterns = [
    path("customers", api.CustomersView.as_view()),
    path("customers/<str:customer_id>", api.CustomerView.as_view()),
    path("customers/<str:customer_id>/keys", api.CustomerKeysView.as_view()),
    path("keys/<str:key_id>", api.KeyView.as_view()),
    path("keys/<str:key_id>/rotate", api.KeyRotationView.as_view()),
]
