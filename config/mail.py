"""Mails that nobody sends: files in the state folder."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail.backends import filebased


class Folder(filebased.EmailBackend):
    """Links in mails open accounts, so nobody else on this machine may read them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        Path(settings.EMAIL_FILE_PATH).mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(*args, **options)
