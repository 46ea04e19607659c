import pytest

from tests.accounts.conftest import committed
from tests.billing.alerts.conftest import Company, clock, company
from tests.billing.mails.conftest import mail_server

__all__ = ["clock", "committed", "company", "mail_server"]


@pytest.fixture
def other(clock: object) -> Company:
    return Company()
