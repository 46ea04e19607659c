"""For which company a person acts in the portal, and whether the role allows it."""

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Concatenate, Final, ParamSpec, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from accounts import selectors
from accounts.models import Member, User
from accounts.permissions import RIGHTS, WHOSE, Right

SESSION_KEY: Final = "customer"

_WHY: Final = "Your role in this company is {}. This page is for {}: ask an owner."

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """A request to a page of the portal, by a member whose role may."""

    user: User
    member: Member


class Portal:
    """What the frame around a page shows: as whom one acts, and where one may go."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def companies(self) -> list[Member]:
        user = self._request.user
        return selectors.memberships_of(user) if isinstance(user, User) else []

    @cached_property
    def member(self) -> Member | None:
        return _chosen(self._request, self.companies)

    @property
    def rights(self) -> frozenset[Right]:
        return RIGHTS[self.member.role] if self.member else frozenset()

    @property
    def refund_days(self) -> int:
        return int(settings.REFUND_DAYS)

    @property
    def mail_folder(self) -> str:
        """Where mails are that nobody sends: of an installation that keeps them as files."""
        return str(getattr(settings, "EMAIL_FILE_PATH", None) or "")


def portal(request: HttpRequest) -> dict[str, object]:
    """For templates, as `portal`. Asks the database only where a page does."""
    return {"portal": SimpleLazyObject(lambda: _of(request))}


def for_members(
    right: Right,
) -> Callable[
    [Callable[Concatenate[MemberRequest, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """A view for members whose role has this right; it finds the member in `request.member`.

    Who belongs to no company gets 404, a role that may not 403, both as pages.
    """

    def decorate(
        view: Callable[Concatenate[MemberRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        @login_required
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            found = _of(request)
            if found.member is None:
                return render(request, "accounts/no_company.html", status=404)
            if right not in found.rights:
                told = {"why": _WHY.format(found.member.get_role_display().lower(), WHOSE[right])}
                return render(request, "accounts/may_not.html", told, status=403)
            theirs = cast("MemberRequest", request)
            theirs.member = found.member
            return view(theirs, *args, **kwargs)

        return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", guarded)

    return decorate


def act_for(request: HttpRequest, member: Member) -> None:
    """From now on this person's pages are about this company."""
    request.session[SESSION_KEY] = str(member.customer_id)


def _of(request: HttpRequest) -> Portal:
    """One for each request, so that its frame and its view agree."""
    found = request.__dict__.setdefault("_portal", Portal(request))
    assert isinstance(found, Portal)
    return found


def _chosen(request: HttpRequest, companies: list[Member]) -> Member | None:
    """The company that a form names, and else the session's: another tab may have switched.

    A form that names a company where one is not a member is for none of them.
    """
    by_id = {member.customer_id: member for member in companies}
    if named := request.POST.get("customer"):
        return by_id.get(_uuid(named))
    current = _uuid(request.session.get(SESSION_KEY, ""))
    return by_id.get(current) or next(iter(companies), None)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
