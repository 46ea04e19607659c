"""Credits held and used (E04 to E06), and given back (E18)."""

from uuid import UUID

from billing.books.scenarios.file import Event
from billing.books.scenarios.world import Held, World
from ledger import services
from ledger.operations import Operation, Result

# Nothing happens that no event says: no hold of a scenario expires by itself.
FOR_EVER_SECONDS = 2_000_000_000


def reserve(world: World, event: Event) -> None:
    said = event.fields
    customer_id = world.customer(said["customer"])
    held = _do("reserve", customer_id, amount=said["credits"], expires_in=FOR_EVER_SECONDS)
    _name(world, said["id"], held)


def commit(world: World, event: Event) -> None:
    """What a commit leaves of a reservation comes back with it, unless the file says later what
    becomes of that."""
    said = event.fields
    if said["customer"]:
        done = _do("debit", world.customer(said["customer"]), amount=said["credits"])
        _name(world, said["id"], done)
        return
    held = world.reservation(said["reservation"])
    world.settlements[said["reservation"]] -= 1
    is_last = world.settlements[said["reservation"]] <= 0
    _do(
        "commit",
        held.customer_id,
        reservation_id=held.id,
        amount=said["credits"],
        final=None if is_last else False,
    )


def release(world: World, event: Event) -> None:
    held = world.reservation(event.fields["reservation"])
    _do("release", held.customer_id, reservation_id=held.id)


def reverse(world: World, event: Event) -> None:
    held = world.reservation(event.fields["reservation"])
    amount = event.fields["credits"]
    _do("reverse", held.customer_id, reservation_id=held.id, amount=amount)


def _do(
    op: str,
    customer_id: UUID,
    *,
    amount: int | None = None,
    reservation_id: UUID | None = None,
    expires_in: int | None = None,
    final: bool | None = None,
) -> Result:
    return services.apply_one(
        Operation(
            op=op,
            customer_id=customer_id,
            amount=amount,
            reservation_id=reservation_id,
            expires_in=expires_in,
            final=final,
        )
    )


def _name(world: World, name: str | None, made: Result) -> None:
    if name and made.reservation_id:
        world.reservations[name] = Held(made.customer_id, made.reservation_id)
