"""The box on every page of the admin: one hit is gone to, several are listed by what they are."""

from itertools import groupby
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst

from accounts import ids
from accounts.errors import InvalidId
from accounts.models import HOUSE_ID, Customer
from billing.finding.hit import Hit
from billing.finding.looking import Found, look, look_within

# What each look is by, in words, for who found nothing.
WAYS: Final = (
    "A customer: its name or a part of it, its e-mail, a domain, its external id, cus_…",
    "A person: the e-mail of a member, of somebody invited, of where bills go",
    "A key: how it begins, such as ddk_3fVq8k2A, or key_…",
    "A call: rsv_…, txn_…, a request id; with the customer's cus_… in front, however long ago",
    "A purchase or refund: pur_…, ref_…, or the provider's own id, such as pi_…, cs_…, re_…, dp_…",
    "A plan: sub_…, inv_…; a paper: R-000001, C-000001, I-000001",
    "Credits: lot_…, txn_…; an event: evt_…",
)


class Row(NamedTuple):
    page: str
    hit: Hit
    customers_page: str


class Group(NamedTuple):
    name: str
    rows: list[Row]


def page(request: HttpRequest, shared: dict[str, Any]) -> HttpResponse:
    of = _customer(request)
    found = _look(request.GET.get("q", ""), of)
    groups = _groups(request, found.hits)
    rows = [row for group in groups for row in group.rows]
    if len(rows) == 1 and not found.is_cut:
        return redirect(rows[0].page)
    context = {
        "title": f"{len(rows)} found" if rows else "Nothing found",
        "found": found,
        "of": of,
        "groups": groups,
        "ways": WAYS,
        "customers": reverse("admin:accounts_customer_changelist"),
    }
    return render(request, "billing/admin/finding.html", shared | context)


def _look(text: str, of: Customer | None) -> Found:
    return look_within(of, text) if of else look(text)


def _customer(request: HttpRequest) -> Customer | None:
    """Whose call is looked for, where that is known and may be."""
    if not request.user.has_perm("accounts.view_customer"):
        return None
    try:
        id: UUID = ids.decode(ids.CUSTOMER, request.GET.get("of", ""))
    except InvalidId:
        return None
    return Customer.objects.filter(id=id).exclude(id=HOUSE_ID).first()


def _groups(request: HttpRequest, hits: list[Hit]) -> list[Group]:
    """Of what this person may see, each kind together, in the order in which they were found."""
    seen = [hit for hit in hits if request.user.has_perm(hit.permission)]
    kinds = list(dict.fromkeys(hit.model for hit in seen))
    together = sorted(seen, key=lambda hit: kinds.index(hit.model))
    return [
        Group(_kind(model), [_row(request, hit) for hit in found])
        for model, found in groupby(together, key=lambda hit: hit.model)
    ]


def _kind(model: str) -> str:
    return capfirst(str(apps.get_model(model)._meta.verbose_name_plural))


def _row(request: HttpRequest, hit: Hit) -> Row:
    url = f"admin:{hit.model.replace('.', '_')}_change"
    may_see = hit.customer is not None and request.user.has_perm("accounts.view_customer")
    customers = "admin:accounts_customer_change"
    whose = reverse(customers, args=[hit.customer.pk]) if may_see and hit.customer else ""
    return Row(reverse(url, args=[hit.key]), hit, whose)
