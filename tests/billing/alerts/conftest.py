from collections.abc import Iterator
from datetime import date

import pytest
from django.core.cache import cache
from pytest_django import DjangoDbBlocker

from accounts.models import Customer, Role
from billing.models import Alert, Mail
from billing.relay import relay
from ledger.amounts import CREDIT
from tests.billing.mails.conftest import forget_others, mail_server
from tests.factories.accounts import CustomerFactory, MemberFactory
from tests.factories.dated import Calendar, undone
from tests.factories.ledger import Book, forget_events

__all__ = ["mail_server"]


@pytest.fixture
def clock(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Calendar]:
    """In a year of long ago, and nothing of what other tests have left is to be handed on."""
    with django_db_blocker.unblock(), undone() as calendar:
        cache.clear()
        forget_events()
        forget_others()
        calendar.go(date(2016, 3, 1))
        yield calendar


class Company:
    """With an owner, somebody for the billing, a developer, and a wallet. Amounts are credits."""

    def __init__(self) -> None:
        self.customer: Customer = CustomerFactory(name="Acme & Sons")
        self.id = self.customer.id
        self.owner = MemberFactory(customer=self.customer).user.email
        self.billing = MemberFactory(customer=self.customer, role=Role.BILLING).user.email
        MemberFactory(customer=self.customer, role=Role.DEVELOPER)
        self.book = Book(self.id)

    def buys(self, amount: int, **lot: object) -> None:
        self.book.grant(amount * CREDIT, kind="paid", price=amount, **lot)
        relay()

    def uses(self, amount: float) -> None:
        self.book.debit(int(amount * CREDIT))
        relay()

    def told(self) -> list[tuple[str, str, int | None]]:
        """Each alert: kind, basis and value, the first first."""
        found = Alert.objects.filter(customer=self.id).order_by("id")
        return list(found.values_list("kind", "basis", "value"))

    def mailed(self) -> list[str]:
        found = Mail.objects.filter(customer=self.id).order_by("id")
        return list(found.values_list("subject", flat=True))


@pytest.fixture
def company(clock: Calendar) -> Company:
    """With nothing yet."""
    return Company()


@pytest.fixture
def armed(company: Company) -> Company:
    """It has bought 1,000 credits, and has the usual thresholds."""
    company.buys(1000)
    return company
