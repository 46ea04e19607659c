"""manage.py close_month."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import ids
from billing.books import closing, tie_outs
from billing.models import Period, PeriodState
from ledger.checks import Check
from tests.billing.admin.books.conftest import month_ago, sold


def close(month):
    out, err = StringIO(), StringIO()
    text = month if isinstance(month, str) else f"{month:%Y-%m}"
    try:
        call_command("close_month", text, stdout=out, stderr=err)
    except SystemExit as ended:
        return ended.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_it_prints_each_step(october, last_month):
    code, out, err = close(last_month)
    assert (code, err) == (0, "")
    assert [line.split()[1] for line in out.splitlines()] == list(closing.STEPS)
    assert Period.objects.get().state == PeriodState.CLOSED


def test_it_stops_where_something_does_not_tie(october, last_month, monkeypatch):
    book, lot = october
    sql = f"select '{book.customer_id}'::uuid as customer_id, 'USD' as currency, 12345 as deferred"
    broken = Check("broken", "Nothing ties", "Why.", sql)
    monkeypatch.setattr(tie_outs, "TIE_OUTS", [broken])
    code, out, err = close(last_month)
    assert code == 1
    assert "STOPPED tie-outs" in out and "lock" not in out
    assert "The close stopped: Nothing ties." in err
    assert f"customer={ids.encode('cus', book.customer_id)} currency=USD deferred=123.45" in err
    assert Period.objects.get().state == PeriodState.CLOSING


@pytest.mark.parametrize(
    ("month", "why"),
    [
        ("october", "october is no month: write it as 2026-10."),
        ("2026-13", "2026-13 is no month: write it as 2026-10."),
        (0, "is not over yet."),
        (1, "comes first: it has entries and is open."),
    ],
)
def test_wrong_input_ends_with_2(db, month, why):
    sold(2)
    sold(1)
    with pytest.raises(CommandError, match=why) as refused:
        close(month if isinstance(month, str) else month_ago(month))
    assert refused.value.returncode == 2
    assert not Period.objects.exists()


def test_a_closed_month_is_not_closed_again(october, last_month):
    close(last_month)
    with pytest.raises(CommandError, match="is closed already") as refused:
        close(last_month)
    assert refused.value.returncode == 2
