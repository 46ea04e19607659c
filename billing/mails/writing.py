import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template import Context
from django.template.engine import Engine
from django.template.loader import render_to_string

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
    mail, is_new = Mail.objects.get_or_create(
        kind=kind,
        about=about,
        defaults={
            "customer_id": customer_id,
            "to": list(to),
            "subject": " ".join(_plain(f"{template}.subject.txt", told).split())[:255],
            "text": _plain(f"{template}.txt", told),
            "html": render_to_string(f"billing/mails/{template}.html", told),
        },
    )
    return mail if is_new else None


def _plain(name: str, told: dict[str, Any]) -> str:
    """What is not HTML has nothing to escape. What a template leaves out leaves no gap."""
    template = Engine.get_default().get_template(f"billing/mails/{name}")
    text = template.render(Context(told, autoescape=False))
    return re.sub(r"\n\s*\n", "\n\n", text)
