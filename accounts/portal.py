"""For which company a person acts in the portal, and whether the role allows it."""

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Concatenate, Final, ParamSpec, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from accounts import selectors
from accounts.models import Customer, CustomerStatus, Member, User
from accounts.permissions import NOT_IN_A_SANDBOX, RIGHTS, WHOSE, Right

SESSION_KEY: Final = "customer"

_WHY: Final = "Your role in this company is {}. This page is for {}: ask an owner."

_NOT_HERE: Final = (
    "No money moves in a sandbox, and its members are those of the company. Leave the sandbox to"
    " see this page of your company."
)

_LOOKING: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_CLOSED: Final = (
    "The account of this company is closed. Its pages, statement and receipts stay here to be"
    " looked at; nothing of it can be changed."
)

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
        if self.member is None:
            return frozenset()
        rights = RIGHTS[self.member.role]
        return rights - NOT_IN_A_SANDBOX if self.is_sandbox else rights

    @property
    def is_sandbox(self) -> bool:
        return self.member is not None and self.member.customer.sandbox_of_id is not None

    @property
    def is_closed(self) -> bool:
        """The account is: all of it can be looked at, and nothing is changed any more."""
        return self.member is not None and self.member.customer.status == CustomerStatus.CLOSED

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
    right: Right, *, is_closed_too: bool = False
) -> Callable[
    [Callable[Concatenate[MemberRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """A view for members whose role has this right; it finds the member in `request.member`. It
    may answer with a file that streams.

    Who belongs to no company gets 404, a role that may not 403, both as pages; and 403 who would
    change something of a closed account, but for what `is_closed_too`: it changes nothing of it.
    """

    def decorate(
        view: Callable[Concatenate[MemberRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        @login_required
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            found = _of(request)
            if found.member is None:
                return render(request, "accounts/no_company.html", status=404)
            if right not in found.rights:
                not_here = found.is_sandbox and right in NOT_IN_A_SANDBOX
                told = {"why": _why(found, right), "not_here": not_here}
                return render(request, "accounts/may_not.html", told, status=403)
            is_written = request.method not in _LOOKING and not is_closed_too
            if found.is_closed and is_written:
                return render(request, "accounts/closed.html", {"why": _CLOSED}, status=403)
            theirs = cast("MemberRequest", request)
            theirs.member = found.member
            return view(theirs, *args, **kwargs)

        return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", guarded)

    return decorate


def act_for(request: HttpRequest, member: Member) -> None:
    """From now on this person's pages are about this company."""
    request.session[SESSION_KEY] = str(member.customer_id)


def in_sandbox(member: Member, sandbox: Customer) -> Member:
    """The same place at the sandbox. It is never saved: who belongs to the company belongs to its
    sandbox."""
    return Member(id=member.id, user=member.user, customer=sandbox, role=member.role)


def leave_sandbox(request: HttpRequest, member: Member) -> None:
    request.session[SESSION_KEY] = str(member.customer.sandbox_of_id or member.customer_id)


def _why(found: Portal, right: Right) -> str:
    if found.is_sandbox and right in NOT_IN_A_SANDBOX:
        return _NOT_HERE
    role = found.member.get_role_display().lower() if found.member else ""
    return _WHY.format(role, WHOSE[right])


def _of(request: HttpRequest) -> Portal:
    """One for each request, so that its frame and its view agree."""
    found = request.__dict__.setdefault("_portal", Portal(request))
    assert isinstance(found, Portal)
    return found


def _chosen(request: HttpRequest, companies: list[Member]) -> Member | None:
    """The company that a form names, and else the session's: another tab may have switched.

    A form that names a company where one is not a member is for none of them.
    """
    if named := request.POST.get("customer"):
        return _place(_uuid(named), companies)
    current = request.session.get(SESSION_KEY)
    place = _place(_uuid(current), companies) if current else None
    return place or next(iter(companies), None)


def _place(customer_id: UUID, companies: list[Member]) -> Member | None:
    """At one of these companies, or at a sandbox of one."""
    by_id = {member.customer_id: member for member in companies}
    if customer_id in by_id or not by_id:
        return by_id.get(customer_id)
    sandbox = Customer.objects.filter(id=customer_id, sandbox_of__in=by_id).first()
    if sandbox is None or sandbox.sandbox_of_id is None:
        return None
    return in_sandbox(by_id[sandbox.sandbox_of_id], sandbox)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
