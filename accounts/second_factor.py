"""Who must show a second factor, and whether this browser did."""

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest

from accounts.models import User

_METHOD = "mfa"


def is_missing(user: User) -> bool:
    """Staff need one where the installation says so."""
    return settings.STAFF_MFA and user.is_staff and not is_mfa_enabled(user)


def was_shown(request: HttpRequest, user: User) -> bool:
    """In this session, or none is asked for. One that began with the password alone, before there
    was a second factor, may be anybody's who knew the password."""
    if not settings.STAFF_MFA:
        return True
    records = get_authentication_records(request, user)
    return any(record["method"] == _METHOD for record in records)


def note_turned_on(request: HttpRequest, user: User) -> None:
    """Whoever turned it on has just shown a code of it."""
    record_authentication(request, user, _METHOD, type=Authenticator.Type.TOTP)
