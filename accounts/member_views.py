"""Who belongs to a company, and who is invited to."""

import logging
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts import members as companies
from accounts import portal, selectors, sign_up
from accounts.errors import InvitationRefused, LastOwner, MemberAlready
from accounts.forms import InvitationForm, RoleForm
from accounts.mail import send_invitation
from accounts.members import NewInvitation
from accounts.models import Invitation, Member, Role, User
from accounts.permissions import RIGHTS, WHAT, Right
from accounts.portal import MemberRequest, for_members

log = logging.getLogger(__name__)


@for_members(Right.MEMBERS)
def members(request: MemberRequest) -> HttpResponse:
    return _list(request, InvitationForm())


@require_POST
@for_members(Right.MEMBERS)
def invite(request: MemberRequest) -> HttpResponse:
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _list(request, form)
    if not ratelimit.consume(request, action="invite"):
        form.add_error(None, "These are many invitations at once. Please go on in an hour.")
        return _list(request, form)
    try:
        new = companies.invite(
            customer=request.member.customer,
            email=form.cleaned_data["email"],
            role=Role(form.cleaned_data["role"]),
            by=request.user,
        )
    except MemberAlready as refusal:
        form.add_error("email", refusal.detail)
        return _list(request, form)
    _send(request, new)
    return redirect("members")


@require_POST
@for_members(Right.MEMBERS)
def revoke_invitation(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    invitation = get_object_or_404(Invitation, id=invitation_id, customer=request.member.customer)
    companies.revoke_invitation(invitation)
    messages.success(request, f"The invitation of {invitation.email} is revoked.")
    return redirect("members")


@require_POST
@for_members(Right.MEMBERS)
def change_role(request: MemberRequest, member_id: UUID) -> HttpResponse:
    member, form = _member(request, member_id), RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles.")
        return redirect("members")
    try:
        companies.change_role(member, role=Role(form.cleaned_data["role"]))
    except LastOwner as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, f"{member.user} is {member.get_role_display().lower()} now.")
    return redirect("members" if member.id != request.member.id else "/portal/")


@require_POST
@for_members(Right.MEMBERS)
def remove_member(request: MemberRequest, member_id: UUID) -> HttpResponse:
    return _remove(request, _member(request, member_id))


@require_POST
@for_members(Right.SEE)
def leave(request: MemberRequest) -> HttpResponse:
    """Whoever is not an owner has no page of members, and may leave all the same."""
    return _remove(request, request.member)


def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Where the mailed link leads. Only the invited address can accept."""
    found = selectors.open_invitation(token)
    if found is None:
        return render(request, "accounts/invitation_ended.html", status=404)
    request.session[sign_up.INVITATION] = token
    if request.method == "POST" and isinstance(request.user, User):
        return _accept(request, found)
    told = {
        "invitation": found,
        "is_for_this_person": _has_address(request, found.email),
        "has_account": EmailAddress.objects.filter(email=found.email, verified=True).exists(),
        "here": request.path,
    }
    return render(request, "accounts/invitation.html", told)


def _accept(request: HttpRequest, found: Invitation) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        member = companies.accept_invitation(found, user=request.user)
    except InvitationRefused as refusal:
        messages.error(request, refusal.detail)
        return redirect(request.path)
    portal.act_for(request, member)
    messages.success(request, f"You are a member of {found.customer.name} now.")
    return redirect("/portal/")


def _list(request: MemberRequest, form: InvitationForm) -> HttpResponse:
    customer = request.member.customer
    told = {
        "form": form,
        "members": selectors.members_of(customer),
        "invitations": selectors.open_invitations_of(customer),
        "roles": Role.choices,
        "rights": [
            {"what": WHAT[right], "may": [right in RIGHTS[role] for role in Role]}
            for right in Right
        ],
    }
    return render(request, "accounts/members.html", told)


def _send(request: MemberRequest, new: NewInvitation) -> None:
    link = request.build_absolute_uri(reverse("invitation", args=[new.token]))
    try:
        send_invitation(new.invitation, link=link)
    except OSError:
        log.exception("An invitation could not be mailed")
        messages.error(request, "The mail could not be sent. Please invite again later.")
    else:
        messages.success(request, f"An invitation is on its way to {new.invitation.email}.")


def _remove(request: MemberRequest, member: Member) -> HttpResponse:
    is_oneself = member.id == request.member.id
    try:
        companies.remove_member(member)
    except LastOwner as refusal:
        messages.error(request, refusal.detail)
        return redirect("members")
    if is_oneself:
        messages.success(request, f"You have left {request.member.customer.name}.")
        return redirect("account")
    messages.success(request, f"{member.user} is no longer a member.")
    return redirect("members")


def _member(request: MemberRequest, member_id: UUID) -> Member:
    """Another company's is not found."""
    of_company = Member.objects.select_related("user", "customer")
    return get_object_or_404(of_company, id=member_id, customer=request.member.customer)


def _has_address(request: HttpRequest, email: str) -> bool:
    return (
        isinstance(request.user, User)
        and EmailAddress.objects.filter(user=request.user, email=email, verified=True).exists()
    )
