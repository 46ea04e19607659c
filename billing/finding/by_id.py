"""Our own ids in their outside form: the prefix says of what."""

from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

from accounts import ids
from accounts.errors import InvalidId
from accounts.models import HOUSE_ID, ApiKey, Customer, ServiceKey
from billing.finding.hit import Hit, of_history, of_row
from billing.models import Adjustment, Invoice, Purchase, Refund, Subscription, WebhookDelivery
from billing.models.adjustments import ADJUSTMENT
from billing.models.payments import REFUND
from billing.models.plans import INVOICE, SUBSCRIPTION
from billing.models.purchases import PURCHASE
from billing.webhooks_out.signing import EVENT
from ledger.ids import LOT, RESERVATION, TRANSACTION, decode_reservation
from ledger.models import Event, Lot, Reservation, Transfer

DELIVERIES_MAX: Final = 20


def look(term: str) -> list[Hit] | None:
    """None: it is no id of ours."""
    prefix = term.partition("_")[0]
    try:
        if prefix == RESERVATION:
            return _reservation(term)
        finder = _FINDERS.get(prefix)
        return None if finder is None else list(finder(ids.decode(prefix, term)))
    except InvalidId:
        return None


def look_uuid(id: UUID) -> list[Hit]:
    """As logs and databases write ids: of which kind it is, is not said."""
    return [hit for prefix, find in _FINDERS.items() if prefix in _CHEAP for hit in find(id)]


def _customers(id: UUID) -> Iterable[Hit]:
    for one in Customer.objects.filter(id=id).exclude(id=HOUSE_ID):
        yield of_row(one, "its id", one)


def _keys(id: UUID) -> Iterable[Hit]:
    for key in ApiKey.objects.filter(id=id).select_related("customer"):
        yield of_row(key, "its id", key.customer)
    for service_key in ServiceKey.objects.filter(id=id):
        yield of_row(service_key, "its id")


def _reservation(term: str) -> list[Hit]:
    name = decode_reservation(term)
    found = Reservation.objects.filter(customer_id=name.customer_id, id=name.id)
    return [
        of_history("reservation", one.customer, one.id, term, "its id")
        for one in found.select_related("customer")
    ]


def _transfers(id: UUID) -> Iterable[Hit]:
    """A transaction has the id of its first transfer."""
    for one in Transfer.objects.filter(id=id).select_related("customer"):
        told = f"{one.kind} {ids.encode(TRANSACTION, id)}"
        model = "transaction" if one.transaction_id == id else "transfer"
        yield of_history(model, one.customer, id, told, "its id")


def _lots(id: UUID) -> Iterable[Hit]:
    for lot in Lot.objects.filter(id=id).select_related("customer"):
        told = f"{lot.kind} {ids.encode(LOT, id)}"
        yield of_history("lot", lot.customer, id, told, "its id")


def _purchases(id: UUID) -> Iterable[Hit]:
    for one in Purchase.objects.filter(id=id).select_related("customer"):
        yield of_row(one, "its id", one.customer)


def _refunds(id: UUID) -> Iterable[Hit]:
    """They stand on the page of what was bought."""
    found = Refund.objects.filter(id=id).select_related("payment__purchase__customer")
    for refund in found:
        purchase = refund.payment.purchase
        yield of_row(purchase, f"its refund {refund.name}", purchase.customer)


def _adjustments(id: UUID) -> Iterable[Hit]:
    for one in Adjustment.objects.filter(id=id).select_related("customer"):
        yield of_row(one, "its id", one.customer)


def _subscriptions(id: UUID) -> Iterable[Hit]:
    for one in Subscription.objects.filter(id=id).select_related("customer", "plan"):
        yield of_row(one, "its id", one.customer)


def _invoices(id: UUID) -> Iterable[Hit]:
    for one in Invoice.objects.filter(id=id).select_related("customer"):
        yield of_row(one, "its id", one.customer)


def _events(id: UUID) -> Iterable[Hit]:
    """And where it was sent."""
    for event in Event.objects.filter(id=id).select_related("customer"):
        yield of_history("event", event.customer, id, event.kind, "its id")
    found = WebhookDelivery.objects.filter(event_id=id).select_related("endpoint__customer")
    for one in found[:DELIVERIES_MAX]:
        title = f"{one.kind} to {one.endpoint.url}"
        yield of_row(one, "its event", one.endpoint.customer, title)


_FINDERS: Final[dict[str, Callable[[UUID], Iterable[Hit]]]] = {
    ids.CUSTOMER: _customers,
    ids.KEY: _keys,
    TRANSACTION: _transfers,
    LOT: _lots,
    PURCHASE: _purchases,
    REFUND: _refunds,
    ADJUSTMENT: _adjustments,
    SUBSCRIPTION: _subscriptions,
    INVOICE: _invoices,
    EVENT: _events,
}
# Those whose tables are found by their id alone.
_CHEAP: Final = {ids.CUSTOMER, ids.KEY, PURCHASE, REFUND, ADJUSTMENT, SUBSCRIPTION, INVOICE, EVENT}
