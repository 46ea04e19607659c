"""Credits sold (E01, E03) and given (E02)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing import paid
from billing.books.cohorts import STANDARD
from billing.books.scenarios.bank import NAME
from billing.books.scenarios.file import Event
from billing.books.scenarios.world import Named, World, minor
from billing.checkout import bonus_net
from billing.facts import Paid
from billing.models import Pack, Payment, Purchase
from billing.tax import is_on_use
from ledger import services
from ledger.errors import LedgerError


def purchase(world: World, event: Event) -> None:
    """Paid as soon as it is made. Its lots expire to the second when the file says."""
    said = event.fields
    made = _make(world, event)
    fact = Paid(
        our_purchase=made.name,
        checkout_ref=f"checkout {made.name}",
        payment_ref=f"payment {made.name}",
        amount=made.total,
        currency=made.currency,
        fee=minor(said["fee"], made.currency),
    )
    paid.paid(NAME, fact)
    made.refresh_from_db()
    bought = Payment.objects.get(purchase=made).lots
    bonus = said["bonus"] or {}
    expiries = [said["expires"], bonus.get("expires")]
    for name, lot_id, expires in zip(
        (said["id"], f"{said['id']}-bonus"), bought, expiries, strict=False
    ):
        services.redate(made.customer_id, lot_id=lot_id, expires_at=expires)
        world.lots[name] = Named(made.customer_id, lot_id)
    world.purchases[said["id"]] = made


def grant(world: World, event: Event) -> None:
    said = event.fields
    customer_id = world.customer(said["customer"])
    given = services.grant(
        customer_id, amount=said["credits"], kind=said["kind"], expires_at=said["expires"]
    )
    if said["id"] and given.lot_id:
        world.lots[said["id"]] = Named(customer_id, given.lot_id)


def _make(world: World, event: Event) -> Purchase:
    said = event.fields
    currency = said["currency"] or world.currency
    net, tax = minor(said["price"], currency), minor(said["tax"], currency)
    if not net or not said["credits"]:
        raise LedgerError("price-missing", "A purchase has credits, and a price above zero.")
    pack, on_use = _pack(event), is_on_use()
    country, _, region = (said["jurisdiction"] or "").partition("-")
    return Purchase.objects.create(
        customer_id=world.customer(said["customer"]),
        pack=pack,
        pack_code=pack.code,
        pack_name=pack.name,
        credits=pack.credits,
        bonus_credits=pack.bonus_credits,
        validity_days=pack.validity_days,
        bonus_validity_days=pack.bonus_validity_days,
        bonus_net=bonus_net(pack, net),
        currency=currency,
        net=net,
        tax=0 if on_use else tax,
        total=net if on_use else net + tax,
        tax_on_use=tax if on_use else 0,
        tax_country=country,
        tax_region=region,
        provider=NAME,
        expires_at=timezone.now(),
    )


def _pack(event: Event) -> Pack:
    """A bonus on the same terms is one lot with what is paid for (E03a), another is its own."""
    said, bonus = event.fields, event.fields["bonus"] or {}
    own_terms = bonus.get("expires") not in (None, said["expires"])
    return Pack.objects.create(
        code=f"event-{event.number}",
        name=said["id"],
        family=said["family"] or STANDARD,
        credits=said["credits"],
        bonus_credits=bonus.get("credits") or 0,
        validity_days=_days(event, said["expires"]),
        bonus_validity_days=_days(event, bonus["expires"]) if own_terms else None,
        expected_use_percent=_percent(said["expected_use"]),
        bonus_expected_use_percent=_percent(bonus.get("expected_use")),
    )


def _days(event: Event, expires: datetime | None) -> int:
    """Days enough: the lot gets its exact expiry, or none, when it is there."""
    return max((expires - event.at).days, 0) + 1 if expires else 1


def _percent(rate: Any) -> int:
    return 100 if rate is None else int(Decimal(rate) * 100)
