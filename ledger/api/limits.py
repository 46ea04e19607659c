"""What a customer may spend, and how much of it is used."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import ids
from accounts.idempotency import Answer, answer_once
from accounts.models import Customer, Scope
from accounts.selectors import customer_by_id
from ledger import limits
from ledger.api.of_customer import OfCustomerView
from ledger.fastpath import requests
from ledger.limits import Standing
from ledger.limits import in_words as limits_in_words
from ledger.limits import written as limits_written
from ledger.limits.output import LimitsOutput
from ledger.limits.written import GivenLimits, name_of


class LimitsView(OfCustomerView):
    required_scopes = {"GET": Scope.READ, "PUT": Scope.ADMIN}

    def get(self, request: Request, customer_id: str) -> Response:
        self.customer()
        return Response(_shown(customer_by_id(ids.decode(ids.CUSTOMER, customer_id))))

    def put(self, request: Request, customer_id: str) -> HttpResponse:
        uuid = ids.decode(ids.CUSTOMER, customer_id)

        def change() -> Answer:
            customer = customer_by_id(uuid)
            given = requests.read(request.data, GivenLimits)
            limits_written.set_limits(uuid, "provider", given.limits)
            return Answer(HTTPStatus.OK, _shown(customer))

        return answer_once(request, customer_id=uuid, work=change)


def _shown(customer: Customer) -> Any:
    standings = [*limits.of(customer.id), *limits.of_each_key(customer.id)]
    shown = {"time_zone": customer.time_zone, "limits": [_limit(one) for one in standings]}
    return LimitsOutput(shown).data


def _limit(one: Standing) -> dict[str, Any]:
    limit = one.limit
    is_count = limit.kind == "holds"
    return {
        "source": one.source,
        "kind": limit.kind,
        "scope": limit.scope,
        "subject": name_of(limit.scope, limit.subject),
        "period": limit.period,
        "hard": None if is_count else limit.hard,
        "soft": limit.soft,
        "count": limit.hard if is_count else None,
        "calls": limit.burst,
        "seconds": limits_in_words.seconds(limit) if limit.kind == "rate" else None,
        "used": None if is_count else one.used,
        "open": one.used if is_count else None,
        "starts_at": one.starts_at,
        "resets_at": one.resets_at,
    }
