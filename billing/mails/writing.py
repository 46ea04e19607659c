import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template import Context
from django.template.engine import Engine
from django.template.loader import render_to_string
from psycopg.errors import UniqueViolation

from billing.models import Mail


def write(
    kind: str,
    about: str,
    *,
    to: Sequence[str],
    template: str,
    context: Mapping[str, Any],
    customer_id: UUID | None = None,
) -> Mail | None:
    """A mail that is owed from now on, in the current database transaction. `template` names three
    files of templates/billing/mails: NAME.subject.txt, NAME.txt and NAME.html. None: nobody to
    tell, or told already."""
    if not to:
        return None
    told = {"seller": settings.SELLER["name"], "site": settings.PUBLIC_URL.rstrip("/"), **context}
    mail = Mail(
        customer_id=customer_id,
        kind=kind,
        about=about,
        to=list(to),
        subject=" ".join(_plain(f"{template}.subject.txt", told).split())[:255],
        text=_plain(f"{template}.txt", told),
        html=render_to_string(f"billing/mails/{template}.html", told),
    )
    return mail if _is_first(mail) else None


def _is_first(mail: Mail) -> bool:
    """Saved, but where there is one about the same."""
    try:
        with transaction.atomic():
            mail.save(force_insert=True)
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        return False
    return True


def _plain(name: str, told: dict[str, Any]) -> str:
    """What is not HTML has nothing to escape. What a template leaves out leaves no gap."""
    template = Engine.get_default().get_template(f"billing/mails/{name}")
    text = template.render(Context(told, autoescape=False))
    return re.sub(r"\n\s*\n", "\n\n", text)
