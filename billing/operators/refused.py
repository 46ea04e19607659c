"""Money that does not fit what was sold."""

from django.urls import reverse

from billing.models import NoticeKind, ProviderEvent
from billing.operators import notices
from billing.operators.notices import Said

_TEXT = """\
The payment provider {event.provider} told of money that does not fit what was sold. Nothing was \
entered. Somebody must look: the payer may have to get it back, at the provider.

Why: {event.reason}
Event: {event.event_id} ({event.kind})
About: {event.object_ref}
Payment: {event.payment_ref}"""


def tell(event: ProviderEvent) -> None:
    """In the database transaction in which it was refused."""
    said = Said(
        f"Refused: {event.kind} {event.event_id}",
        _TEXT.format(event=event),
        reverse("admin:billing_providerevent_change", args=[event.pk]),
        f"{event.provider} {event.event_id}",
    )
    notices.tell(NoticeKind.EVENT_REFUSED, said)
