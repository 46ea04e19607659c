"""What staff do to lots (E12 to E17)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from accounts.errors import NotFound
from billing.books import escheat as property
from billing.books import lots
from billing.books.errors import CurrencyMismatch
from billing.books.scenarios.file import Event
from billing.books.scenarios.world import Named, World
from billing.models import UnclaimedProperty
from ledger.errors import LedgerError
from ledger.models import Lot

REASON = "Scenario"
_UP: dict[str | None, Callable[..., Any]] = {
    None: lots.correct_up,
    "correction": lots.correct_up,
    "goodwill": lots.goodwill,
}
_DOWN: dict[str | None, Callable[..., Any]] = {"void": lots.void, "forfeit": lots.forfeit}


def adjust(world: World, event: Event) -> None:
    """Down needs a cause (E12)."""
    said = event.fields
    does = (_UP if said["credits"] > 0 else _DOWN).get(said["cause"])
    if does is None:
        raise LedgerError("unknown-cause", "Down is void or forfeit; up is goodwill or correction.")
    options: dict[str, Any] = {"reason": REASON}
    if said["purchase"] and does is not lots.correct_up:
        options["lot_id"] = world.lot(said["purchase"]).lot_id
    if said["credits"] > 0:
        options["expires_at"] = said["expires"]
    customer_id = world.customer(said["customer"])
    done = does(customer_id, abs(said["credits"]), **options)
    if said["id"] and done.lot_id:
        world.lots[said["id"]] = Named(customer_id, done.lot_id)


def extend(world: World, event: Event) -> None:
    named = world.lot(event.fields["purchase"])
    lots.extend(named.customer_id, named.lot_id, event.fields["expires"], reason=REASON)


def reinstate(world: World, event: Event) -> None:
    said, named = event.fields, world.lot(event.fields["purchase"])
    lots.reinstate(named.customer_id, named.lot_id, said["credits"], said["expires"], reason=REASON)


def move(world: World, event: Event) -> None:
    said = event.fields
    lot_id = world.lot(said["purchase"]).lot_id if said["purchase"] else None
    giver = world.customer(said["from"])
    moved = lots.move(
        giver, world.customer(said["to"]), said["credits"], lot_id=lot_id, reason=REASON
    )
    if said["currency"]:
        _check_currency(giver, moved.lots or [], said["currency"])


def escheat(world: World, event: Event) -> None:
    """What is settled of a purchase is what was claimed of it last."""
    said, named = event.fields, world.lot(event.fields["purchase"])
    if said["class"]:
        property.classify(named.customer_id, named.lot_id, said["class"])
    elif said["credits"] is not None:
        property.escheat(named.customer_id, named.lot_id, said["credits"], reason=REASON)
    elif said["remitted"]:
        property.remit(_claimed(named))
    else:
        property.return_to_owner(_claimed(named), expires_at=said["expires"])


def _claimed(named: Named) -> UnclaimedProperty:
    property.register_expired()
    found = UnclaimedProperty.objects.filter(lot_id=named.lot_id).order_by("state", "-id").first()
    if found is None:
        raise NotFound("Nothing of this purchase is unclaimed property.")
    return found


def _check_currency(customer_id: UUID, lot_ids: list[UUID | None], currency: str) -> None:
    moved = Lot.objects.filter(customer_id=customer_id, id__in=lot_ids, price__gt=0)
    if moved.exclude(currency=currency).exists():
        raise CurrencyMismatch(f"Not all of these credits were paid in {currency}.")
