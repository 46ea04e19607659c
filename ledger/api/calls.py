"""What a customer called, one by one and summed."""

from datetime import timedelta
from typing import get_args

from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.directory import ApiKeyEntry
from ledger import call_log, paging, periods, usage
from ledger.api import parameters
from ledger.api.of_customer import OfCustomerView
from ledger.call_log import Filters, LoggedCall
from ledger.call_serializers import CallOutput, UsageOutput
from ledger.detached import telling
from ledger.models import ReservationState
from ledger.paging import ByGroup, ById
from ledger.prices.pricing import Outcome
from ledger.usage import Dimension

USAGE_DEFAULT = timedelta(days=30)
USAGE_LONGEST = timedelta(days=366)
IN_FILES = "Drawdown-Months-In-Files"


class CallsView(OfCustomerView):
    """The call log, the last made first."""

    def get(self, request: Request, customer_id: str) -> Response:
        asked = paging.asked(request.query_params, ById)
        filters = _filters(request.query_params)
        calls = call_log.calls(self.customer(), asked, filters)
        if isinstance(request.auth, ApiKeyEntry):
            # It is the provider's, behind which the customer need not see.
            calls = [call._replace(address=None) for call in calls]
        page = paging.page(calls, asked, key=_place, show=CallOutput)
        return Response(page, headers=_kept_in_files(filters))


class UsageView(OfCustomerView):
    """Sums of the call log, of the last 30 days unless asked otherwise."""

    def get(self, request: Request, customer_id: str) -> Response:
        query = request.query_params
        asked = paging.asked(query, ByGroup)
        by = [Dimension(one) for one in parameters.choices(query, "group_by", list(Dimension))]
        customer = self.customer()
        period = periods.asked_within(query, customer, default=USAGE_DEFAULT, longest=USAGE_LONGEST)
        telling.refuse_part_days(period)
        used = usage.usage(customer, asked, period, by)
        page = paging.page(used, asked, key=lambda one: one.group, show=UsageOutput)
        shown = [{name: row[name] for name in (*by, "calls", "credits")} for row in page["data"]]
        return Response(page | {"data": shown, "from": period.start, "to": period.end})


def _filters(query: QueryDict) -> Filters:
    """Raises InvalidRequest, InvalidId."""
    state = parameters.choice(query, "status", ReservationState.values)
    return Filters(
        period=periods.asked(query),
        endpoint=parameters.text(query, "endpoint"),
        key_id=parameters.key(query, "key"),
        state=ReservationState(state) if state else None,
        outcome=parameters.choice(query, "outcome", get_args(Outcome)),
        request_id=parameters.text(query, "request_id"),
    )


def _kept_in_files(filters: Filters) -> dict[str, str]:
    """Months of which no call is on the page for that reason."""
    months = telling.months_of(filters.period)
    return {IN_FILES: ", ".join(months)} if months else {}


def _place(call: LoggedCall) -> ById:
    return ById(call.found.row.id, call.found.row.customer_id)
