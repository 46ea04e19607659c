"""Pages that one comes back to from outside: one acts for the company whose purchase it is,
whatever was switched to meanwhile in another tab."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts import portal, selectors
from accounts.models import User
from billing.models import Purchase

P = ParamSpec("P")

View = Callable[Concatenate[HttpRequest, UUID, P], HttpResponse]


def acting_for_its_company(view: View[P]) -> View[P]:
    """Where one belongs to it; else the page is not found."""

    @wraps(view)
    def guarded(
        request: HttpRequest, purchase_id: UUID, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if request.method == "GET" and isinstance(request.user, User):
            _act(request, request.user, purchase_id)
        return view(request, purchase_id, *args, **kwargs)

    return cast("View[P]", guarded)


def _act(request: HttpRequest, user: User, purchase_id: UUID) -> None:
    companies = {member.customer_id: member for member in selectors.memberships_of(user)}
    buyer = Purchase.objects.filter(id=purchase_id, customer__in=companies).first()
    if buyer is not None and (len(companies) > 1 or portal.SESSION_KEY in request.session):
        portal.act_for(request, companies[buyer.customer_id])
