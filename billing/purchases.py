"""Finding the row that a fact is about, and locking it: before the wallet, never after."""

from accounts import ids
from accounts.errors import InvalidId
from billing.models import Payment, Purchase
from billing.models.purchases import PURCHASE


def locked(name: str) -> Purchase | None:
    try:
        id = ids.decode(PURCHASE, name)
    except InvalidId:
        return None
    return Purchase.objects.select_for_update().filter(id=id).first()


def locked_payment(provider: str, payment_ref: str) -> Payment | None:
    found = Payment.objects.filter(provider=provider, provider_ref=payment_ref)
    return found.select_related("purchase").select_for_update(of=("self",)).first()
