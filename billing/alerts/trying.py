"""A mail that shows that alerts arrive."""

from uuid import uuid4

from django.db import transaction

from accounts.models import Customer, User
from billing import mails
from billing.mails import recipients
from billing.models import Mail
from ledger import outbox


def send_test(customer: Customer, *, by: User) -> Mail | None:
    """To all who would be told. None: there is nobody."""
    with transaction.atomic():
        outbox.wake_after_commit()
        return mails.write(
            "test",
            str(uuid4()),
            to=recipients.of([customer.id])[customer.id],
            template="test",
            context={"company": customer.name, "by": by.name or by.email},
            customer_id=customer.id,
        )
