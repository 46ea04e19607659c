import pytest

from tests.billing.alerts.conftest import Company, clock, company
from tests.billing.mails.conftest import mail_server

__all__ = ["clock", "company", "mail_server"]


@pytest.fixture
def other(clock: object) -> Company:
    return Company()
