from django.urls import path, register_converter
from django.urls.converters import StringConverter

from benchmarks.by_hand import views


class ReservationId(StringConverter):
    regex = "rsv_[0-9a-f]{32}"

    def to_python(self, value):
        return value.removeprefix("rsv_")


register_converter(ReservationId, "reservation")

urlpatterns = [
    path("healthz", views.healthz),
    path("v1/reservations", views.Reserve.as_view()),
    path("v1/reservations/<reservation:id>/commit", views.Commit.as_view()),
]
