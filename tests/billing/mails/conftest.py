from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.billing.mails.server import MailServer, listening


@pytest.fixture
def mail_server(settings: LazySettings) -> Iterator[MailServer]:
    with listening() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server
