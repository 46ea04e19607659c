"""The customer's people, and who is invited."""

from typing import Final

from django.urls import reverse

from accounts.models import Invitation, Member, User
from billing.admin.customer.section import ROWS_MAX, Looked, Section, at, badge
from ledger.admin import shown

COLUMNS: Final = ("E-mail", "Name", "Role", "Since", "Last here")


def section(looked: Looked) -> Section:
    found = Member.objects.filter(customer=looked.customer).select_related("user")
    invited = Invitation.objects.filter(
        customer=looked.customer, accepted_at=None, revoked_at=None, expires_at__gt=looked.instant
    )
    members = list(found.order_by("created_at")[: ROWS_MAX + 1])
    rows = [_row(member, looked) for member in members[:ROWS_MAX]]
    rows += [_invited(one) for one in invited.order_by("created_at")[:ROWS_MAX]]
    may_edit = looked.may("accounts.change_customer")
    page = reverse("admin:accounts_customer_edit", args=[looked.customer.pk]) if may_edit else ""
    return Section(
        "Members",
        COLUMNS,
        rows,
        none="Nobody belongs to it.",
        told="There are more." if len(members) > ROWS_MAX else "",
        all=page,
    )


def _row(member: Member, looked: Looked) -> list[object]:
    user = member.user
    return [
        _address(user, looked),
        user.name or "-",
        member.role,
        at(member.created_at),
        at(user.last_login) if user.last_login else "never",
    ]


def _address(user: User, looked: Looked) -> object:
    if not looked.may("accounts.view_user"):
        return user.email
    return shown.link(reverse("admin:accounts_user_change", args=[user.pk]), user.email)


def _invited(one: Invitation) -> list[object]:
    return [one.email, badge("invited", "warn"), one.role, at(one.created_at), "-"]
