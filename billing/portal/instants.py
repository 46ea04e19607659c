"""Instants as pages say them beside their date in UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Customer

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def until(time: timedelta) -> str:
    """`in 12 days`, `in 5 hours`, `within the hour`."""
    if time >= 2 * _DAY:
        return f"in {time // _DAY} days"
    if time >= _HOUR:
        hours = time // _HOUR
        return f"in {hours} hour{'' if hours == 1 else 's'}"
    return "within the hour"


def there(instant: datetime, customer: Customer) -> str:
    """By the company's clocks, with the day where it is another one there; empty where they are
    those of UTC."""
    if customer.time_zone == "UTC":
        return ""
    found = instant.astimezone(ZoneInfo(customer.time_zone))
    is_same_day = found.date() == instant.astimezone(UTC).date()
    said = f"{found:%H:%M}" if is_same_day else f"{found:%-d %b %Y, %H:%M}"
    return f"{said} {customer.time_zone}"
