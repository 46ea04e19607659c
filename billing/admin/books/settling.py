"""What becomes of unclaimed property: it is remitted to the state, or goes back to its owner."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import User
from billing.admin import shown as billing_shown
from billing.books import escheat
from billing.errors import BillingError
from billing.models import UnclaimedProperty
from ledger.admin import shown
from ledger.errors import LedgerError


class Verb(NamedTuple):
    title: str
    does: str
    done: str
    act: Callable[..., UnclaimedProperty]


VERBS: Final = {
    "remit": Verb(
        "Remit to the state",
        "It was paid to the state: the liability on 2300 is paid from cash.",
        "Remitted",
        escheat.remit,
    ),
    "return": Verb(
        "Return to its owner",
        "The owner came before it was remitted: the credits are theirs again, and the money is"
        " deferred again.",
        "Returned",
        escheat.return_to_owner,
    ),
}


class ReferenceForm(forms.Form):
    reference = forms.CharField(
        max_length=200,
        help_text="The state's number of the report, or how the owner was recognised.",
    )


def is_allowed(request: HttpRequest) -> bool:
    return request.user.has_perm("billing.change_unclaimedproperty")


def page(request: HttpRequest, id: int, verb: str, context: dict[str, Any]) -> HttpResponse:
    if not is_allowed(request):
        raise PermissionDenied
    found = UnclaimedProperty.objects.filter(id=id).select_related("customer", "escheat_class")
    row = found.first()
    if row is None or verb not in VERBS:
        raise Http404
    form = ReferenceForm(request.POST or None)
    if form.is_valid():
        try:
            return _settle(request, row, VERBS[verb], form.cleaned_data["reference"])
        except (BillingError, LedgerError) as refusal:
            form.add_error(None, refusal.detail)
    more = {
        "title": VERBS[verb].title,
        "verb": VERBS[verb],
        "row": row,
        "value": billing_shown.in_words(row.amount, row.currency),
        "credits": shown.number(row.credits),
        "page": billing_shown.page(row),
        "form": form,
    }
    return render(request, "billing/admin/books/settle.html", context | more)


def _settle(
    request: HttpRequest, row: UnclaimedProperty, verb: Verb, reference: str
) -> HttpResponse:
    assert isinstance(request.user, User)
    verb.act(row, reference=reference, by=request.user)
    told = billing_shown.in_words(row.amount, row.currency)
    messages.success(request, f"{verb.done}: {told} of {row.customer.name}.")
    return redirect(billing_shown.page(row))
