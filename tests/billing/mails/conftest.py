from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from billing.models import Mail, MailState
from tests.billing.mails.server import MailServer, listening


@pytest.fixture
def mail_server(settings: LazySettings) -> Iterator[MailServer]:
    with listening() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def mail_box(db: None, mail_server: MailServer) -> MailServer:
    """Of this test alone: what others have left is not sent."""
    forget_others()
    return mail_server


def forget_others() -> None:
    Mail.objects.filter(state=MailState.DUE).update(state=MailState.FAILED)
