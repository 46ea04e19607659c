"""Where staff are signed in. allauth keeps a row of each session; their pages keep it fresh."""

from datetime import timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

# Nobody needs to know to the second who was there: most pages write nothing.
FRESH_FOR: Final = timedelta(minutes=1)


def see(request: HttpRequest) -> None:
    """This session is in use, from this address and by this browser."""
    key = request.session.session_key
    row = UserSession.objects.filter(session_key=key).first() if key else None
    if row is None or row.last_seen_at < timezone.now() - FRESH_FOR:
        UserSession.objects.create_from_request(request)


def running() -> QuerySet[UserSession]:
    """Of staff. One that has expired or was ended is nowhere."""
    kept = Session.objects.filter(
        session_key=OuterRef("session_key"), expire_date__gt=timezone.now()
    )
    found: QuerySet[UserSession] = UserSession.objects.filter(Exists(kept), user__is_staff=True)
    return found


def end(session: UserSession) -> None:
    """Its next request is nobody's."""
    session.end()
