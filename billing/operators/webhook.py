"""Operators' own webhook, signed by Standard Webhooks (standardwebhooks.com, "Verifying webhook
authenticity"). Its address is the installation's setting, so it may be within one's own network."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone
from standardwebhooks import Webhook

from billing.models import NoticeCall, NoticeKind, Phase
from billing.operators.notices import url

# Nobody else makes this call meanwhile; an address that hangs is given up sooner.
LEASE = timedelta(minutes=2)
TIMEOUT_SECONDS = 10
# After each failed attempt. Then it is given up.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))

_CLAIM = """
update billing_noticecall set due_at = statement_timestamp() + %(lease)s, attempts = attempts + 1
where id = (
    select c.id from billing_noticecall c join billing_operatornotice n on n.id = c.notice_id
    where c.due_at <= statement_timestamp() and n.kind = any(%(kinds)s)
    order by c.due_at, c.id limit 1 for update of c skip locked
)
returning *
"""

logger = logging.getLogger(__name__)


def deliver_due(kinds: Sequence[str] = NoticeKind.values) -> int:
    """Make the calls that are due, one after the other; how many were taken."""
    taken = 0
    while calls := list(NoticeCall.objects.raw(_CLAIM, {"lease": LEASE, "kinds": list(kinds)})):
        taken += sum(_deliver(call) for call in calls)
    return taken


def _deliver(call: NoticeCall) -> bool:
    try:
        _post(call)
    except Exception as error:
        _put_off(call, error)
        return False
    NoticeCall.objects.filter(pk=call.pk).update(due_at=None, delivered_at=Now(), error="")
    return True


def _post(call: NoticeCall) -> None:
    """Raises what httpx does, for an answer other than 2xx too."""
    name, at = f"notice_{call.pk}", timezone.now()
    body = msgspec.json.encode(_told(call)).decode()
    signature = Webhook(settings.OPERATORS_WEBHOOK_SECRET).sign(name, at, body)
    answer = httpx.post(
        settings.OPERATORS_WEBHOOK_URL,
        content=body,
        headers={
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        },
        timeout=TIMEOUT_SECONDS,
    )
    answer.raise_for_status()


def _told(call: NoticeCall) -> dict[str, Any]:
    notice = call.notice
    is_over = call.phase == Phase.ENDED
    return {
        "type": f"operator_notice.{call.phase}",
        "timestamp": _instant(notice.ended_at if is_over else notice.began_at),
        "data": {
            "kind": notice.kind,
            "subject": notice.subject,
            "title": notice.title,
            "text": notice.text,
            "url": url(notice),
            "began_at": _instant(notice.began_at),
            "ended_at": _instant(notice.ended_at) if is_over else None,
        },
    }


def _instant(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _put_off(call: NoticeCall, error: Exception) -> None:
    told = " ".join(f"{type(error).__name__}: {error}".split())
    logger.warning("Operators' webhook was not taken (attempt %s): %s", call.attempts, told)
    is_last = call.attempts > len(PAUSES)
    due = None if is_last else timezone.now() + PAUSES[call.attempts - 1]
    NoticeCall.objects.filter(pk=call.pk).update(due_at=due, error=told)
