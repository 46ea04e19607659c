import pytest

from billing import alerts
from billing.alerts.watching import LEVEL_MAX
from billing.errors import ThresholdExists, ThresholdUnknown, TooManyThresholds
from ledger.amounts import CREDIT
from ledger.models import Threshold
from tests.billing.alerts.conftest import Company
from tests.factories.ledger import Book


def watched(company):
    found = Threshold.objects.filter(customer_id=company.id, purpose="alert")
    return sorted(found.values_list("basis", "value"))


def test_the_usual_ones(armed):
    assert watched(armed) == [("percent", 50), ("percent", 80), ("percent", 100)]


def test_what_is_kept_is_what_is_watched(armed):
    alerts.add(armed.id, basis="days", value=7)
    fifty = alerts.settings_of(armed.id).thresholds.get(value=50)
    alerts.change(armed.id, fifty.id, basis="credits", value=9 * CREDIT)
    alerts.remove(armed.id, alerts.settings_of(armed.id).thresholds.get(value=100).id)
    assert watched(armed) == [("credits", 9 * CREDIT), ("days", 7), ("percent", 80)]


def test_off_and_on(armed):
    said = {"by_email": True, "extra_recipients": [], "cool_down_hours": 2}
    alerts.configure(armed.id, enabled=False, **said)
    assert watched(armed) == []
    alerts.configure(armed.id, enabled=True, **said)
    assert len(watched(armed)) == 3
    pauses = Threshold.objects.filter(customer_id=armed.id, purpose="alert")
    assert {pause.total_seconds() for pause in pauses.values_list("cool_down", flat=True)} == {7200}


def test_none_is_there_twice(armed):
    with pytest.raises(ThresholdExists):
        alerts.add(armed.id, basis="percent", value=50)
    fifty = alerts.settings_of(armed.id).thresholds.get(value=50)
    with pytest.raises(ThresholdExists):
        alerts.change(armed.id, fifty.id, basis="percent", value=80)
    alerts.change(armed.id, fifty.id, basis="percent", value=50)
    assert len(watched(armed)) == 3


def test_ten_are_the_most(armed):
    for days in range(1, 8):
        alerts.add(armed.id, basis="days", value=days)
    with pytest.raises(TooManyThresholds):
        alerts.add(armed.id, basis="days", value=30)
    assert len(watched(armed)) == 10


def test_another_companys_is_not_found(armed):
    other = Company()
    theirs = alerts.settings_of(armed.id).thresholds.first()
    for act in (
        lambda: alerts.remove(other.id, theirs.id),
        lambda: alerts.change(other.id, theirs.id, basis="days", value=1),
    ):
        with pytest.raises(ThresholdUnknown):
            act()
    assert len(watched(armed)) == 3


def test_days_left_of_whoever_uses_all_there_can_be_are_watched(db):
    book = Book.funded(3 * 10**18)
    book.commit(book.reserve(3 * 10**18 - 1))
    alerts.add(book.customer_id, basis="days", value=365)
    assert Threshold.objects.get(customer=book.customer_id, basis="days").level == LEVEL_MAX
    assert alerts.refresh_levels() >= 1
