from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts import ids
from accounts.errors import InvalidId
from accounts.models import ApiKey, Service
from accounts.request_ids import made_at_ms
from ledger import selectors
from ledger.admin import searching, shown
from ledger.admin.windows import WindowAdmin
from ledger.ids import RESERVATION, TRANSACTION
from ledger.models import Price, Reservation

# A hold may be this much older than the request that settles it.
HELD_AT_MOST = timedelta(days=7) + selectors.IDS_LAG
ENDPOINT = Price.objects.filter(id=OuterRef("price_id")).values("endpoint__code")


@admin.register(Reservation)
class ReservationAdmin(WindowAdmin):
    """Holds, calls that were settled, and debits."""

    list_display = [
        *("short_name", "of", "state", "endpoint", "reserved", "spent"),
        *("made", "ended", "request"),
    ]
    list_filter = ["state"]
    search_help_text = f"{WindowAdmin.search_help_text}; a request id"
    id_columns = {
        **WindowAdmin.id_columns,
        RESERVATION: "id",
        TRANSACTION: "transaction_id",
        ids.KEY: "api_key_id",
    }
    fields = [
        *("name", "of", "state", "endpoint", "reserved", "held_of", "spent", "paid_by"),
        *("not_collected", "given_back", "quantities", "used_quantities", "outcome", "overrun"),
        *("transaction", "done", "created_at", "expires_at", "ended_at", "request_id"),
        *("ended_request_id", "service", "key", "address", "metadata"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reservation]:
        found: QuerySet[Reservation] = super().get_queryset(request)
        return found.annotate(endpoint_code=Subquery(ENDPOINT[:1]))

    def searched(self, term: str) -> Q:
        try:
            return searching.named(term, self.id_columns)
        except InvalidId:
            return searching.of_customers(term) or _of_request(term)

    @admin.display(description="reservation")
    def name(self, reservation: Reservation) -> str:
        return shown.name_of(reservation)

    @admin.display(description="reservation")
    def short_name(self, reservation: Reservation) -> SafeString:
        return shown.short(RESERVATION, reservation.id)

    @admin.display(description="customer")
    def of(self, reservation: Reservation) -> SafeString:
        return shown.customer(reservation.customer)

    @admin.display
    def endpoint(self, reservation: Any) -> str:
        return reservation.endpoint_code or "-"

    @admin.display(description="amount")
    def reserved(self, reservation: Reservation) -> SafeString:
        return shown.credits(reservation.amount)

    @admin.display
    def held_of(self, reservation: Reservation) -> SafeString:
        return shown.split(reservation.lots, reservation.split)

    @admin.display(description="committed")
    def spent(self, reservation: Reservation) -> SafeString:
        return shown.credits(reservation.committed)

    @admin.display
    def paid_by(self, reservation: Reservation) -> SafeString:
        return shown.split(reservation.lots, reservation.used)

    @admin.display(description="uncollected")
    def not_collected(self, reservation: Reservation) -> SafeString:
        return shown.credits(reservation.uncollected)

    @admin.display(description="reversed")
    def given_back(self, reservation: Reservation) -> SafeString:
        return shown.credits(reservation.reversed)

    @admin.display
    def transaction(self, reservation: Reservation) -> SafeString:
        return shown.transaction(reservation.transaction_id)

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


def _of_request(name: str) -> Q:
    """What a request made, or settled. A name of ours tells when that was."""
    found = Q(request_id=name) | Q(ended_request_id=name)
    made_at = made_at_ms(name)
    if made_at is None:
        return found
    then = datetime.fromtimestamp(made_at / 1000, UTC)
    since, until = then - HELD_AT_MOST, then + selectors.IDS_LAG
    return found & Q(id__gte=selectors.lowest_id(since), id__lt=selectors.lowest_id(until))
