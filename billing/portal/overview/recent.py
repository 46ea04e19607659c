"""The last 30 days on the overview: credits a day by endpoint, and what happened of late."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.safestring import SafeString

from accounts.models import Customer
from billing.charts import figure
from billing.portal.usage import asked as usage_asked
from billing.portal.usage import charts as usage_charts
from billing.portal.usage import sums as usage_sums
from ledger import usage
from ledger.usage import Dimension


class Recent(NamedTuple):
    query: str
    begins: str  # where UTC days begin by other clocks than the company's
    figure: SafeString
    has_calls: bool


def recent(customer: Customer) -> Recent:
    asked = usage_asked.asked(QueryDict(), customer)
    by = (Dimension.DAY, Dimension.ENDPOINT)
    rows = usage.sums(customer.id, asked.days.period, by)
    chart = usage_charts.by_day(rows, asked)
    return Recent(
        query=asked.days.query,
        begins=_begins(asked.days.begin, customer),
        figure=figure(chart) if chart else SafeString(""),
        has_calls=usage_sums.total(rows).calls > 0,
    )


def _begins(day: datetime, customer: Customer) -> str:
    if customer.time_zone == "UTC":
        return ""
    there = day.astimezone(ZoneInfo(customer.time_zone))
    before = " on the day before" if there.date() < day.date() else ""
    return f"{there:%H:%M} {customer.time_zone}{before}"
