"""A customer's sandbox: a test wallet, which is a customer row of its own.

So nothing of the ledger knows of it, and whoever spends there goes the same way as with real
credits. Only who counts leaves it out: the books, what is sold, who owes.
"""

from django.db import transaction

from accounts.errors import CustomerSuspended, NotInASandbox
from accounts.models import Customer, CustomerStatus


def of(customer: Customer) -> Customer | None:
    return Customer.objects.filter(sandbox_of=customer).first()


def opened(customer: Customer) -> Customer:
    """Made when it is first asked for; its own for a sandbox. Raises NotInASandbox."""
    if customer.sandbox_of_id is not None:
        return customer
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(id=customer.id)
        made = of(customer)
        return made or Customer.objects.create(sandbox_of=customer, **followed(customer))


def followed(customer: Customer) -> dict[str, str]:
    """What a sandbox has of its customer, now and when that changes."""
    return {
        "name": f"{customer.name[:190]} (sandbox)",
        "status": customer.status,
        "time_zone": customer.time_zone,
    }


def require_real(customer: Customer) -> None:
    """Raises NotInASandbox."""
    if customer.sandbox_of_id is not None:
        raise NotInASandbox


def require_open(customer: Customer) -> None:
    """Raises CustomerSuspended for an account that is closed for good, whatever is in memory."""
    closed = Customer.objects.filter(id=customer.id, status=CustomerStatus.CLOSED)
    if closed.exists():
        raise CustomerSuspended("The account is closed.")
