"""A top-up is wanted: of an event, or because its threshold is still crossed and it may be now."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from billing.models import TopUp, TopUpSettings
from billing.models.top_up import IN_FLIGHT
from billing.top_up import obstacles, telling
from ledger import selectors
from ledger.models import Threshold
from ledger.outbox import Event


def take(events: Sequence[Event]) -> None:
    """One each, where none is in flight."""
    needed = {event.customer_id: event for event in events if event.kind == "top_up.needed"}
    if not needed:
        return
    enabled = TopUpSettings.objects.filter(customer__in=needed, enabled=True)
    ids = enabled.values_list("customer_id", flat=True)
    now = selectors.now()
    TopUp.objects.bulk_create(
        [
            TopUp(customer_id=id, event=needed[id].id, created_at=now, due_at=now)
            for id in sorted(ids)
        ],
        ignore_conflicts=True,
    )


def look() -> None:
    """What was put off, or could not be, may be possible now: a new card, a new month."""
    found = obstacles.waiting_for_nothing(_whose_threshold_is_crossed())
    for agreement in obstacles.without_stopped_cards(found):
        if _is_to_be_taken_up(agreement):
            _want(agreement)


def _is_to_be_taken_up(agreement: TopUpSettings) -> bool:
    """Where something stops it, whoever takes it up tells of that, once."""
    obstacle = obstacles.found(agreement)
    if obstacle is not None and telling.is_told(agreement, obstacle):
        return False
    # Last, as it locks the wallet. Between the threshold and a tenth above it, it stays crossed.
    return selectors.balance(agreement.customer_id).available <= agreement.threshold


def _want(agreement: TopUpSettings) -> None:
    now = selectors.now()
    wish = TopUp(customer_id=agreement.customer_id, created_at=now, due_at=now)
    TopUp.objects.bulk_create([wish], ignore_conflicts=True)


def _whose_threshold_is_crossed() -> QuerySet[TopUpSettings]:
    """Of whom nothing is in flight."""
    mine = {"customer": OuterRef("customer")}
    crossed = Threshold.objects.filter(purpose="top_up", crossed=True, **mine)
    in_flight = TopUp.objects.filter(state__in=IN_FLIGHT, **mine)
    found = TopUpSettings.objects.filter(Exists(crossed), ~Exists(in_flight), enabled=True)
    return found.select_related("customer", "pack", "card")
