from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.models import ApiKey, Service
from ledger.admin import files, shown
from ledger.admin.asked import Asked
from ledger.admin.history import CUSTOMER, DAYS, ENDPOINT, KEY, Field, HistoryAdmin
from ledger.detached import telling
from ledger.ids import RESERVATION
from ledger.models import Price, Reservation, ReservationState
from ledger.prices.pricing import OUTCOMES
from ledger.windows.reservations import RESERVATIONS

CODE = Price.objects.filter(id=OuterRef("price_id")).values("endpoint__code")


@admin.register(Reservation)
class ReservationAdmin(HistoryAdmin):
    """Holds, calls that were settled, and debits."""

    list_display = [
        *("short_name", "of", "standing", "endpoint", "reserved", "spent"),
        *("made", "ended", "request"),
    ]
    window = RESERVATIONS
    file = files.RESERVATIONS
    filters = [
        *(*DAYS, CUSTOMER, ENDPOINT, KEY, Field("state", "State", ReservationState.values)),
        *(Field("outcome", "Outcome", OUTCOMES), Field("request", "Request")),
    ]
    search_help_text = f"{HistoryAdmin.search_help_text}; a request id"
    fields = [
        *(
            "name",
            "of",
            "state",
            "endpoint",
            "stands_for",
            "reserved",
            "held_of",
            "spent",
            "paid_by",
        ),
        *("not_collected", "given_back", "quantities", "used_quantities", "outcome", "overrun"),
        *("transaction", "moved", "done", "created_at", "expires_at", "ended_at", "request_id"),
        *("ended_request_id", "service", "key", "address", "metadata"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reservation]:
        found: QuerySet[Reservation] = super().get_queryset(request)
        return found.annotate(endpoint_code=Subquery(CODE[:1]))

    def prepare(self, rows: list[Any]) -> None:
        super().prepare(rows)
        prices = Price.objects.filter(id__in={row.price_id for row in rows if row.price_id})
        codes = dict(prices.values_list("id", "endpoint__code"))
        for row in rows:
            row.endpoint_code = codes.get(row.price_id)

    def _framed(self, request: HttpRequest, asked: Asked) -> dict[str, Any]:
        in_files = telling.in_words(asked.filters.period)
        return super()._framed(request, asked) | {"in_files": in_files}

    @admin.display(description="reservation")
    def name(self, reservation: Reservation) -> str:
        return shown.name_of(reservation)

    @admin.display(description="calls")
    def stands_for(self, reservation: Reservation) -> str:
        return str(reservation.calls or "None: a lease, whose calls have rows of their own.")

    @admin.display(description="reservation")
    def short_name(self, reservation: Reservation) -> SafeString:
        return shown.short(RESERVATION, reservation.id)

    @admin.display(description="customer")
    def of(self, reservation: Reservation) -> SafeString:
        return shown.customer(reservation.customer)

    @admin.display(description="state")
    def standing(self, reservation: Any) -> str:
        return str(getattr(reservation, "state_now", reservation.state))

    @admin.display(description="its transfers")
    def moved(self, reservation: Reservation) -> SafeString:
        return shown.listed("transfer", "As a list", q=shown.name_of(reservation))

    @admin.display
    def endpoint(self, reservation: Any) -> str:
        return reservation.endpoint_code or "-"

    @admin.display(description="amount")
    def reserved(self, reservation: Reservation) -> SafeString:
        return shown.credits(reservation.amount)

    @admin.display
    def held_of(self, reservation: Reservation) -> SafeString:
        return shown.split(reservation.customer_id, reservation.lots, reservation.split)

    @admin.display(description="committed")
    def spent(self, reservation: Reservation) -> SafeString:
        return shown.credits(reservation.committed)

    @admin.display
    def paid_by(self, reservation: Reservation) -> SafeString:
        return shown.split(reservation.customer_id, reservation.lots, reservation.used)

    @admin.display(description="uncollected")
    def not_collected(self, reservation: Reservation) -> SafeString:
        return shown.credits(reservation.uncollected)

    @admin.display(description="reversed")
    def given_back(self, reservation: Reservation) -> SafeString:
        return shown.credits(reservation.reversed)

    @admin.display
    def transaction(self, reservation: Reservation) -> SafeString:
        return shown.transaction(reservation.customer_id, reservation.transaction_id)

    @admin.display(description="done at, and reported after")
    def done(self, reservation: Reservation) -> str:
        return shown.instant(reservation.happened_at)

    @admin.display
    def made(self, reservation: Reservation) -> str:
        return shown.instant(reservation.created_at)

    @admin.display
    def ended(self, reservation: Reservation) -> str:
        return shown.instant(reservation.ended_at)

    @admin.display
    def request(self, reservation: Reservation) -> SafeString:
        return shown.cut(reservation.request_id)

    @admin.display
    def service(self, reservation: Reservation) -> str:
        found = Service.objects.filter(id=reservation.service_id or 0).first()
        return str(found or "-")

    @admin.display
    def key(self, reservation: Reservation) -> SafeString:
        if reservation.api_key_id is None:
            return SafeString("-")
        key = ApiKey.objects.get(id=reservation.api_key_id)
        return shown.link(reverse("admin:accounts_apikey_change", args=[key.pk]), key)
