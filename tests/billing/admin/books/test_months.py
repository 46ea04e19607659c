"""Closing a month from its page: by hand, by itself, and what stops it."""

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from billing.books import closing, periods, tie_outs
from billing.models import CloseStep, Period, PeriodState, Policy
from ledger.admin import shown
from ledger.checks import Check
from tests.billing.admin.books.conftest import month_ago, person, sold, told

LIST = "admin:billing_period_changelist"
HTMX = {"HTTP_HX_REQUEST": "true"}


def page_of(month):
    return reverse("admin:billing_period_change", args=[f"{month:%Y-%m}"])


def close_page(month):
    return reverse("admin:billing_period_close", args=[f"{month:%Y-%m}"])


def press(staff, month, **said):
    """What the page's button does, without a script."""
    return staff.post(close_page(month), said, follow=True)


def close_by_hand(staff, month):
    answer = press(staff, month)
    while answer.context["month"].is_closing and not answer.context["close"].has_failed:
        answer = press(staff, month, step=answer.context["close"].next_name)
    return answer


@pytest.fixture
def does_not_tie(monkeypatch, october):
    """A tie-out that the lot breaks, until it is mended."""
    book, lot = october
    sql = f"""select '{book.customer_id}'::uuid as customer_id, '{lot}'::uuid as lot_id,
        'USD' as currency, 7000 as deferred, 7123 as carrying"""
    broken = Check("deferred-by-lot", "2100 of each lot is its carrying value", "Why (R2).", sql)
    with monkeypatch.context() as patch:
        patch.setattr(tie_outs, "TIE_OUTS", [*tie_outs.TIE_OUTS, broken])
        yield patch


def test_the_list_says_what_is_next(staff, october):
    sold(2, used=10)
    page = staff.get(reverse(LIST))
    rows = {row.month: row for row in page.context["rows"]}
    assert list(rows) == [month_ago(0), month_ago(1), month_ago(2)]
    assert page.context["next"].month == month_ago(2)
    assert [row.badge for row in rows.values()] == ["Not over", "Open", "Open"]
    assert rows[month_ago(1)].what_next == f"After {month_ago(2):%Y-%m}"
    assert rows[month_ago(2)].what_next == "Close it"
    assert f"{month_ago(2):%B %Y} is next to close" in page.content.decode()


def test_without_entries_there_is_nothing_to_close(staff):
    page = staff.get(reverse(LIST))
    assert page.context["next"] is None
    assert "Nothing to close" in page.content.decode()


def test_step_by_step_without_a_script(staff, boss, october, last_month):
    page = staff.get(page_of(last_month))
    assert f"Close {last_month:%Y-%m}" in page.content.decode()
    page = press(staff, last_month)
    assert page.redirect_chain == [(page_of(last_month), 302)]
    assert page.context["month"].badge == "Being closed"
    assert "First step: Freeze" in page.content.decode()
    for done, name in enumerate(closing.STEPS, start=1):
        page = press(staff, last_month, step=name)
        assert page.context["close"].done == done
    assert Period.objects.get().state == PeriodState.CLOSED
    steps = page.context["close"].steps
    assert [step.name for step in steps] == list(closing.STEPS)
    assert {step.by for step in steps} == {boss.email}
    assert steps[2].told == "1 entries of usage posted"
    *_, entry = AuditEntry.objects.filter(action="period.changed").order_by("id")
    assert (entry.person, entry.row, entry.after["state"]) == (boss, f"{last_month}", "closed")
    assert periods.next_to_close() is None


def test_with_htmx_one_step_asks_for_the_next(staff, october, last_month):
    shown_page = staff.get(page_of(last_month)).content.decode()
    assert 'hx-trigger="load"' not in shown_page
    answer = staff.post(close_page(last_month), **HTMX)
    for name in closing.STEPS:
        text = answer.content.decode()
        assert (answer.status_code, "<html" in text) == (200, False)
        assert 'hx-trigger="load"' in text and f'name="step" value="{name}"' in text
        answer = staff.post(close_page(last_month), {"step": name}, **HTMX)
    assert 'hx-trigger="load"' not in answer.content.decode()
    assert "Closed" in answer.content.decode()


def test_what_was_left_goes_on(staff, october, last_month):
    press(staff, last_month)
    press(staff, last_month, step="freeze")
    text = staff.get(page_of(last_month)).content.decode()
    assert "Next step: Expire" in text and 'hx-trigger="load"' not in text
    assert "Continue" in staff.get(reverse(LIST)).content.decode()
    closing.close(last_month)
    assert "Closed" in staff.get(page_of(last_month)).content.decode()


def test_a_step_that_was_done_in_another_window_is_not_done_again(staff, october, last_month):
    press(staff, last_month)
    for name in ("freeze", "freeze", "lock"):
        press(staff, last_month, step=name)
    assert [step.name for step in CloseStep.objects.all()] == ["freeze"]
    assert staff.post(close_page(last_month), {"step": "nothing"}).status_code == 404


def test_a_tie_out_that_fails_shows_its_rows(staff, october, last_month, does_not_tie):
    book, lot = october
    page = close_by_hand(staff, last_month)
    text = page.content.decode()
    assert "The close stopped" in text and "Try again" in text
    assert "2100 of each lot is its carrying value" in text
    assert shown.row_page("lot", book.customer_id, lot) in text
    assert reverse("admin:accounts_customer_change", args=[book.customer_id]) in text
    assert "70.00" in text and "71.23" in text
    assert Period.objects.get().state == PeriodState.CLOSING
    answer = staff.post(close_page(last_month), {"step": "freeze"}, **HTMX)
    assert answer.context["goes_on"]


def test_htmx_stops_where_a_tie_out_fails(staff, october, last_month, does_not_tie):
    answer = staff.post(close_page(last_month), **HTMX)
    for name in list(closing.STEPS)[:6]:
        answer = staff.post(close_page(last_month), {"step": name}, **HTMX)
    text = answer.content.decode()
    assert 'hx-trigger="load"' not in text and "Does not tie" in text


def test_mended_it_is_tried_again(staff, october, last_month, does_not_tie):
    close_by_hand(staff, last_month)
    does_not_tie.undo()
    page = press(staff, last_month, step="freeze")
    assert [step.state for step in page.context["close"].steps][:2] == ["done", "next"]
    assert not page.context["close"].broken
    assert len(page.context["close"].earlier) == 6
    assert close_by_hand(staff, last_month).context["month"].badge == "Closed"


@pytest.mark.parametrize(
    ("months_ago", "why"), [(0, "is not over yet"), (1, "comes first"), (3, "")]
)
def test_wrong_months_are_refused(staff, months_ago, why):
    sold(2)
    sold(1)
    month = month_ago(months_ago)
    answer = press(staff, month)
    assert [one for one in told(answer) if why in one] if why else not told(answer)
    if why:
        fragment = staff.post(close_page(month), **HTMX).content.decode()
        assert why in fragment and 'hx-trigger="load"' not in fragment


def test_not_while_an_earlier_month_was_reopened(staff, boss, october, last_month):
    earlier = month_ago(2)
    sold(2)
    closing.close(earlier)
    page = press(staff, last_month)
    for name in list(closing.STEPS)[:-1]:
        page = press(staff, last_month, step=name)
    approver = person("approves@example.com")
    periods.reopen(earlier, reason="Wrong", by=boss, approved_by=approver)
    page = press(staff, last_month, step="lock")
    assert any("comes first" in one for one in told(page))
    assert Period.objects.get(month=last_month).state == PeriodState.CLOSING


def test_a_closed_month_is_not_closed_again(staff, october, last_month):
    close_by_hand(staff, last_month)
    assert any("closed already" in one for one in told(press(staff, last_month)))


@pytest.mark.parametrize("text", ["2026-13", "october", "2026-10-02", "0"])
def test_what_is_no_month_is_not_found(staff, text):
    assert staff.get(reverse("admin:billing_period_change", args=[text])).status_code == 404
    assert staff.post(reverse("admin:billing_period_close", args=[text])).status_code == 404


def test_only_who_may_closes(client, october, last_month):
    looks = person("looks@example.com", "view_period")
    client.force_login(looks)
    text = client.get(page_of(last_month)).content.decode()
    assert "<button" not in text.partition('id="close"')[2]
    assert client.post(close_page(last_month)).status_code == 403
    client.force_login(person("closes@example.com", "view_period", "close_period"))
    assert close_by_hand(client, last_month).context["month"].badge == "Closed"
    client.force_login(person("nobody@example.com"))
    for page in (reverse(LIST), page_of(last_month)):
        assert client.get(page).status_code == 403
    client.logout()
    assert client.get(page_of(last_month)).status_code == 302
    assert client.post(close_page(last_month)).status_code == 302


def test_cohorts_without_an_estimate_are_named(staff, october, last_month):
    assert "Without an estimate" not in staff.get(page_of(last_month)).content.decode()
    Policy.objects.update(method="proportional")
    text = staff.get(page_of(last_month)).content.decode()
    assert f"Without an estimate: {last_month:%Y-%m}/USD" in text
    assert reverse("admin:billing_estimate_new") in text
    Policy.objects.update(refresh_estimates=True)
    assert "Without an estimate" not in staff.get(page_of(last_month)).content.decode()


def test_looking_closes_nothing(staff, october, last_month):
    assert staff.get(close_page(last_month)).status_code == 405
    staff.get(page_of(last_month))
    staff.post(page_of(last_month), {"state": "closed"})
    assert not Period.objects.exists()
