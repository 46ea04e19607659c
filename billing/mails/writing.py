from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
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
    subject = render_to_string(f"billing/mails/{template}.subject.txt", told)
    mail = Mail(
        customer_id=customer_id,
        kind=kind,
        about=about,
        to=list(to),
        subject=" ".join(subject.split())[:255],
        text=render_to_string(f"billing/mails/{template}.txt", told),
        html=render_to_string(f"billing/mails/{template}.html", told),
    )
    (written,) = Mail.objects.bulk_create([mail], ignore_conflicts=True)
    return written
