import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing.models import BackTest
from tests.billing.backtest.calls import CREDIT, Caller, card, endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def called():
    """Three calls at two credits, one of them with an amount of its own."""
    one = endpoint()
    caller = Caller.new(card("old", {one: {"per_call": 2 * CREDIT}}, published=True))
    caller.call(one)
    caller.call(one)
    caller.call(one, amount=CREDIT)
    card("new", {one: {"per_call": 3 * CREDIT}})
    return caller


def command(*options):
    out = StringIO()
    call_command("backtest", *options, stdout=out)
    return out.getvalue()


def test_in_words():
    told = command("new").splitlines()
    assert told[0].startswith("3 calls under new, ")
    assert told[1] == "all: 5 -> 7 credits, +2 (+40.00 %), +0.20 USD, 3 calls"
    assert told[-1] == (
        "note: 1 call had an amount that was said, not priced: they stay as they were."
    )


def test_for_machines():
    document = json.loads(command("new", "--json", "--days", "7", "--ignore-terms"))
    assert document["rate_card"] == "new"
    assert document["heeds_terms"] is False
    assert document["total"] == {
        "calls": 3,
        "before": "5",
        "after": "7",
        "change": "2",
        "money": {"USD": {"before": "0.50", "after": "0.70", "change": "0.20"}},
    }
    assert [one["endpoint"] for one in document["endpoints"]] == ["classify"]
    assert len(document["losers"]) == 1
    assert BackTest.objects.get().state == "done"


def test_as_a_file(tmp_path):
    path = tmp_path / "all.csv"
    command("new", "--csv", str(path))
    (row,) = csv.DictReader(path.read_text().splitlines())
    assert (row["Credits before"], row["Credits after"], row["Change"]) == ("5", "7", "2")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["none"], "There is no rate card none"),
        (["new", "--days", "0"], "Ask for 1 to 366 days"),
        (["new", "--days", "367"], "Ask for 1 to 366 days"),
    ],
)
def test_what_is_refused(options, told):
    with pytest.raises(CommandError, match=told):
        command(*options)
    assert not BackTest.objects.exists()
