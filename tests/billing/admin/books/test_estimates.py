"""Estimates: what is known of cohorts, and a new version, seen before it is approved."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from billing.books import closing, estimating, periods, revenue
from billing.books.estimating import Draft
from billing.models import BreakageRun, Estimate, Method, Policy
from tests.billing.admin.books.conftest import month_ago, person, posted, sold, told

NEW = "admin:billing_estimate_new"
COHORTS = "admin:billing_estimate_cohorts"


def post(client, verb="preview", **said):
    said = {
        **{"as_of": periods.today().isoformat(), "of": "", "kind": "rate", "rate": "10"},
        **{"remote": "", "note": "History of two years", verb: "yes"},
        **said,
    }
    return client.post(reverse(NEW), said, follow=True)


@pytest.fixture
def proportional(db):
    policy = Policy.current()
    policy.method, policy.gate_waived = Method.PROPORTIONAL, True
    policy.save()
    return policy


def test_first_it_is_seen_and_nothing_is_posted(staff, october, proportional):
    page = post(staff)
    # 300 of 900 that are expected to be used: a third of 10.00. A first estimate catches up on
    # nothing.
    assert [(row["before"], row["catch_up"], row["after"]) for row in page.context["changes"]] == [
        ("0.00", "0.00", "3.33")
    ]
    (total,) = page.context["totals"]
    assert (total["catch_up"], total["rest"], total["posted"]) == ("0.00", "3.33", "3.33")
    assert not Estimate.objects.exists() and not BreakageRun.objects.exists()
    assert posted("4200") == 0
    assert "Approve and post" in page.content.decode()


def test_then_it_is_approved(staff, boss, october, proportional):
    answer = post(staff, "confirm", rate="12.5 %")
    assert told(answer) == [f"Approved: 1 new versions as of {periods.today()}."]
    version = Estimate.objects.get()
    assert (str(version.rate), version.approved_by, version.note) == (
        *("0.12500000", boss),
        "History of two years",
    )
    assert posted("4200") == -4_29
    line = answer.context["lines"][0]
    assert (line.v, line.c, line.o, line.n, line.advance) == (
        *("100.00", "30.00", "70.00"),
        *("4.29", "4.29"),
    )
    assert (line.rate, line.method, line.expected) == ("12.50 %", "In proportion to use", "12.50")


def test_a_second_estimate_shows_its_catch_up(staff, october, proportional):
    post(staff, "confirm")
    page = post(staff, rate="8")
    (row,) = page.context["changes"]
    assert (row["before"], row["catch_up"], row["after"]) == ("3.33", "−0.72", "2.61")


def test_of_one_cohort(staff, october, proportional):
    sold(2, used=500)
    cohort = f"{month_ago(2):%Y-%m}/USD"
    page = post(staff, of=cohort)
    assert [row["cohort"] for row in page.context["changes"]] == [cohort]
    post(staff, "confirm", of=cohort)
    assert [version.cohort for version in Estimate.objects.all()] == [cohort]


def test_from_the_curve_of_use(staff, boss, october, proportional):
    sold(6, used=900, days=60)
    revenue.expire_all()
    post(staff, "confirm", kind="curve", rate="")
    versions = Estimate.objects.exclude(hazards=None)
    assert versions and {version.approved_by for version in versions} == {boss}


def test_a_remote_value(staff, october):
    cohort = f"{month_ago(1):%Y-%m}/USD"
    page = post(staff, kind="remote", rate="", remote="20.00", of=cohort)
    assert [row["after"] for row in page.context["changes"]] == ["20.00"]
    post(staff, "confirm", kind="remote", rate="", remote="20.00", of=cohort)
    assert posted("4200") == -20_00


def test_what_a_rate_does_not_do_is_said(staff, october):
    text = post(staff).content.decode()
    assert "recognised at expiry: the rate is kept" in text


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"rate": "120 %"}, "from 0 to 100 per cent"),
        ({"rate": "-1"}, "from 0 to 100 per cent"),
        ({"rate": "NaN"}, "A rate is a number"),
        ({"rate": "ten"}, "A rate is a number"),
        ({"rate": ""}, "Say which rate."),
        ({"kind": "remote"}, "A value is of one cohort"),
        ({"kind": "guess"}, "valid choice"),
        ({"of": "1999-01/USD"}, "valid choice"),
        ({"as_of": "2999-01-01"}, "to come"),
        ({"as_of": "soon"}, "valid date"),
        ({"note": ""}, "required"),
    ],
)
def test_wrong_input_is_refused(staff, october, said, why):
    for verb in ("preview", "confirm"):
        page = post(staff, verb, **said)
        assert why in page.content.decode()
        assert page.context["changes"] is None
    assert not Estimate.objects.exists()


@pytest.mark.parametrize("value", ["", "-5", "1.234", "much"])
def test_a_remote_value_is_money(staff, october, value):
    cohort = f"{month_ago(1):%Y-%m}/USD"
    page = post(staff, "confirm", kind="remote", of=cohort, remote=value)
    assert page.context["form"].errors["remote"]
    assert not Estimate.objects.exists()


def test_not_in_a_closed_month(staff, october, last_month, last_day):
    closing.close(last_month)
    page = post(staff, "confirm", as_of=last_day.isoformat())
    first = last_day + timedelta(days=1)
    assert f"in a closed month: from {first} on" in page.content.decode()


def test_not_in_a_month_that_is_being_closed(staff, october, proportional, last_month, last_day):
    period = closing.begin(last_month)
    for name in ("freeze", "expire", "recognise"):
        closing.take(period, name)
    page = post(staff, "confirm", as_of=last_day.isoformat())
    assert page.context["form"].non_field_errors()
    assert not Estimate.objects.exists()


def test_it_is_for_the_month_that_is_to_be_closed(staff, october, last_day):
    assert staff.get(reverse(NEW)).context["form"]["as_of"].value() == last_day


def test_cohorts_and_the_gate_in_words(staff, october):
    text = staff.get(reverse(COHORTS)).content.decode()
    for words in (
        "0 cohorts matured of 12, or 1 months of cohorts of 24",
        "Fewer than two cohorts matured",
        "No change of expiry, price or product is pending",
        "The policy is to recognise breakage at expiry",
    ):
        assert words in text
    before = staff.get(reverse(COHORTS), {"as_of": "2001-01-01"})
    assert before.context["lines"] == []
    assert staff.get(reverse(COHORTS), {"as_of": "2001-99-99"}).status_code == 200


def test_over_redemption_alarms(staff, proportional):
    sold(1, used=890)
    revenue.recognise_all()
    estimating.estimate(Draft(rate=Decimal("0.10")), as_of=periods.today())
    page = staff.get(reverse(COHORTS))
    assert [line.name for line in page.context["alarms"]] == [f"{month_ago(1):%Y-%m}/USD"]
    assert "Used more than was expected" in page.content.decode()


def test_versions_are_looked_at_and_never_changed(staff, october, proportional):
    post(staff, "confirm")
    version = Estimate.objects.get()
    listed = staff.get(reverse("admin:billing_estimate_changelist"))
    assert list(listed.context["cl"].result_list) == [version]
    for term in (str(version), version.cohort, version.cohort[:7]):
        found = staff.get(reverse("admin:billing_estimate_changelist"), {"q": term})
        assert list(found.context["cl"].result_list) == [version], term
    page = reverse("admin:billing_estimate_change", args=[version.pk])
    text = staff.get(page).content.decode()
    assert "waived" in text and "3.33" in text
    assert staff.post(page, {"rate": "0.5"}).status_code == 403
    version.refresh_from_db()
    assert str(version.rate) == "0.10000000"


def test_only_who_may_approves(client, october):
    client.force_login(person("looks@example.com", "view_estimate"))
    assert client.get(reverse(COHORTS)).status_code == 200
    assert "New estimate" not in client.get(reverse(COHORTS)).content.decode()
    for answer in (client.get(reverse(NEW)), post(client), post(client, "confirm")):
        assert answer.status_code == 403
    client.force_login(person("approves@example.com", "view_estimate", "approve_estimate"))
    assert post(client, "confirm").status_code == 200
    assert Estimate.objects.count() == 1
    client.force_login(person("nobody@example.com"))
    assert client.get(reverse(COHORTS)).status_code == 403
