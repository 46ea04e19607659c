"""Staff's windows: what is filtered, summed, and taken away as a file."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import ids
from accounts.models import User
from ledger import services
from ledger.amounts import CREDIT
from ledger.models import Transfer
from ledger.prices import rate_cards
from ledger.windows import pieces
from tests.downloads import downloaded
from tests.factories.accounts import ApiKeyFactory, CustomerFactory
from tests.factories.ledger import Clock
from tests.ledger.api.conftest import operate

WINDOWS = ("transfer", "transaction", "reservation", "lot", "event")


def path(model, page="changelist"):
    return reverse(f"admin:ledger_{model}_{page}")


def found(staff, model, **query):
    page = staff.get(path(model), query)
    assert page.status_code == 200
    assert page.context["asked"].errors == []
    return list(page.context["rows"])


def lines(staff, model, **query):
    answer = staff.get(path(model, "csv"), query)
    assert answer.status_code == 200
    text = downloaded(answer).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def price(db):
    endpoint = rate_cards.create_endpoint(code="classify", name="Classify")
    rate_cards.create_endpoint(code="unused", name="Unused")
    card = rate_cards.create_card(name="2026-11", effective_at=Clock().after(-60))
    price = rate_cards.set_price(card, endpoint, per_call=CREDIT)
    rate_cards.publish(card)
    return price


@pytest.fixture
def key(funded):
    return ApiKeyFactory(customer=funded).key


@pytest.fixture
def acme(funded, price, key):
    """With a priced call by a key, settled; one that is held; and another customer beside it."""
    hold = operate(
        "reserve", funded, amount=4 * CREDIT, price_id=price.id, api_key_id=key.id, request_id="one"
    )
    operate("commit", funded, reservation_id=hold.reservation_id, outcome="success")
    operate("reserve", funded, amount=CREDIT)
    other = CustomerFactory(name="Acme too")
    services.grant(other.id, amount=CREDIT, kind="promo", reason="=welcome")
    operate("debit", other, amount=CREDIT)
    return funded


def test_transfers_are_filtered(staff, acme, key):
    name = ids.encode("cus", acme.id)
    for query, kinds in (
        ({"customer": name}, ["commit", "grant", "grant"]),
        ({"customer": name, "unit": "money"}, ["grant"]),
        ({"unit": "USD"}, ["grant"]),
        ({"unit": "EUR"}, []),
        ({"kind": "commit"}, ["commit", "commit"]),
        ({"account": "U30"}, ["commit", "commit"]),
        ({"account": "2100"}, ["grant"]),
        ({"endpoint": "classify"}, ["commit"]),
        ({"endpoint": "unused"}, []),
        ({"key": ids.encode("key", key.id)}, ["commit"]),
        ({"key": key.prefix, "kind": "grant"}, []),
        ({"month": f"{Clock().now():%Y-%m}"}, ["grant"]),
        ({"month": "2020-01"}, []),
    ):
        assert [row.kind for row in found(staff, "transfer", **query)] == kinds, query


def test_transactions_stand_once_each(staff, acme, key):
    assert len(found(staff, "transaction", q=ids.encode("cus", acme.id))) == 2
    (row,) = found(staff, "transaction", endpoint="classify")
    assert (row.kind, row.id) == ("commit", row.transaction_id)


def test_reservations_are_filtered(staff, acme, key):
    for query, states in (
        ({"customer": ids.encode("cus", acme.id)}, ["held", "committed"]),
        ({"state": "held"}, ["held"]),
        ({"state": "committed"}, ["committed", "committed"]),
        ({"state": "reversed"}, []),
        ({"outcome": "success", "endpoint": "classify"}, ["committed"]),
        ({"outcome": "timeout"}, []),
        ({"key": key.prefix}, ["committed"]),
        ({"request": "one"}, ["committed"]),
        ({"q": "one"}, ["committed"]),
    ):
        assert [row.state_now for row in found(staff, "reservation", **query)] == states, query


def test_lots_and_events_are_filtered(staff, acme):
    assert [lot.kind for lot in found(staff, "lot", kind="paid")] == ["paid"]
    assert [lot.kind for lot in found(staff, "lot", open="yes")] == ["promo", "paid"]
    assert len(found(staff, "event", kind="credits.added")) == 2
    assert found(staff, "event", kind="lot.expired") == []


@pytest.mark.parametrize("model", WINDOWS)
def test_days_are_whole_and_both_included(staff, acme, model):
    now = Clock().now()
    today, before = f"{now:%Y-%m-%d}", f"{now - timedelta(days=1):%Y-%m-%d}"
    everything = len(found(staff, model))
    assert everything
    for query in ({"from": today}, {"to": today}, {"from": today, "to": today}):
        assert len(found(staff, model, **query)) == everything
    assert found(staff, model, to=before) == []


@pytest.mark.parametrize("model", WINDOWS)
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"from": "2026-02-30"}, "a day such as"),
        ({"from": "tomorrow"}, "a day such as"),
        ({"to": "99999-01-01"}, "a day such as"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "the other way round"),
        ({"customer": "cus_1"}, "No customer"),
        ({"customer": "nobody"}, "No customer"),
        ({"q": "lot_1"}, "There is no lot"),
        ({"q": "txn_" + "0" * 32}, "There is no txn"),
        ({"q": "rsv_1"}, "is it whole"),
        ({"q": "\x00"}, "on one line"),
        ({"customer": "x" * 300}, "at most 255"),
        ({"color": "red"}, "no filter called"),
        ({"below": "1"}, "link is not whole"),
        ({"below": "z" * 64}, "link is not whole"),
    ],
)
def test_what_makes_no_sense_is_told(staff, acme, model, query, told):
    page = staff.get(path(model), query)
    assert page.status_code == 200
    assert told in page.content.decode()
    assert page.context["rows"] == [] and "totals" not in page.context
    file = staff.get(path(model, "csv"), query)
    assert file.status_code == 400 and told in file.content.decode()
    totals = staff.get(path(model, "totals"), query, headers={"HX-Request": "true"})
    assert totals.status_code == 200 and told in totals.content.decode()


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("transfer", {"kind": "a b"}),
        ("transfer", {"unit": "gold"}),
        ("transfer", {"account": "cash"}),
        ("transfer", {"month": "2026-13"}),
        ("transfer", {"lot": "lot_x"}),
        ("transfer", {"endpoint": "none"}),
        ("transfer", {"key": "key_x"}),
        ("reservation", {"state": "gone"}),
        ("reservation", {"outcome": "bad"}),
        ("reservation", {"request": "a b"}),
        ("lot", {"open": "maybe"}),
    ],
)
def test_nor_does_a_filter_that_nothing_is_like(staff, acme, model, query):
    page = staff.get(path(model), query)
    assert page.status_code == 200
    assert len(page.context["asked"].errors) == 1
    assert page.context["rows"] == []


def test_several_who_are_called_so_are_to_choose_from(staff, acme):
    page = staff.get(path("transfer"), {"q": "acme", "kind": "grant"})
    choices = [query for query, _ in page.context["choices"]]
    assert len(choices) == 2 and page.context["rows"] == []
    chosen = staff.get(f"{path('transfer')}?{choices[0]}")
    assert {row.customer_id for row in chosen.context["rows"]} == {acme.id}
    assert {row.kind for row in chosen.context["rows"]} == {"grant"}


def test_totals_are_of_what_is_filtered(staff, acme):
    page = staff.get(path("transfer"), {"kind": "commit"})
    totals = page.context["totals"]
    assert totals["is_all"] and totals["rows"] == "2"
    (line,) = totals["lines"]
    assert (line["group"], line["rows"], line["sums"]) == (
        ["commit", "CR", "U20", "U30"],
        "2",
        ["5"],
    )
    calls = staff.get(path("reservation")).context["totals"]["lines"]
    assert [(line["group"], line["rows"]) for line in calls] == [
        (["committed"], "2"),
        (["held"], "1"),
    ]
    assert "All 2" in page.content.decode()


def test_totals_say_what_they_are_of_until_they_are_of_all(staff, acme, monkeypatch):
    for name in ("_FIRST", "_LONGEST"):
        monkeypatch.setattr(pieces, name, 2)
    monkeypatch.setattr(pieces, "SUMS_SECONDS", 0)
    monkeypatch.setattr("ledger.admin.history.SUMS_SECONDS", 0)
    totals = staff.get(path("transfer")).context["totals"]
    assert not totals["is_all"] and totals["rows"] == "2"
    parts = 1
    while totals["more"]:
        asked = {"so_far": totals["more"]}
        page = staff.get(path("transfer", "totals"), asked, headers={"HX-Request": "true"})
        assert ("not all" in page.content.decode()) == (not page.context["totals"]["is_all"])
        totals, parts = page.context["totals"], parts + 1
    assert totals["rows"] == str(Transfer.objects.count()) and parts > 2


def test_sums_of_others_are_not_gone_on_with(staff, acme, monkeypatch):
    for name in ("_FIRST", "_LONGEST"):
        monkeypatch.setattr(pieces, name, 2)
    monkeypatch.setattr(pieces, "SUMS_SECONDS", 0)
    more = staff.get(path("transfer")).context["totals"]["more"]
    for query in ({"so_far": more + "x"}, {"so_far": "x"}, {"so_far": more, "kind": "commit"}):
        page = staff.get(path("transfer", "totals"), query)
        assert page.status_code == 200
        assert "not begun here" in page.content.decode()


def test_older_ones_follow(staff, funded, monkeypatch):
    monkeypatch.setattr("ledger.admin.history.SHOWN", 2)
    for _ in range(5):
        operate("debit", funded, amount=CREDIT)
    seen, query = [], {}
    while True:
        page = staff.get(path("reservation"), query)
        seen += [row.id for row in page.context["rows"]]
        if page.context["page"].below is None:
            break
        assert "Older" in page.content.decode()
        query = {"below": str(page.context["page"].below)}
    assert seen == sorted(seen, reverse=True) and len(seen) == len(set(seen)) == 5


def test_a_page_that_finds_nothing_in_time_offers_to_look_on(staff, acme, monkeypatch):
    for name in ("_FIRST", "_LONGEST"):
        monkeypatch.setattr(pieces, name, 1)
    monkeypatch.setattr("ledger.windows.pieces.PAGE_SECONDS", 0)
    monkeypatch.setattr(pieces.page, "__defaults__", (0,))
    query = {"request": "one"}
    page = staff.get(path("reservation"), query)
    while not page.context["rows"]:
        assert "Look on" in page.content.decode()
        query = {"request": "one", "below": str(page.context["page"].below)}
        page = staff.get(path("reservation"), query, headers={"HX-Request": "true"})
        assert "<html" not in page.content.decode()
    assert [row.request_id for row in page.context["rows"]] == ["one"]


@pytest.mark.parametrize("model", WINDOWS)
def test_a_file_has_what_is_listed(staff, acme, model):
    assert len(lines(staff, model)) == len(found(staff, model))
    name = ids.encode("cus", acme.id)
    some = lines(staff, model, customer=name)
    assert some and {line["customer"] for line in some} == {name}


def test_files_say_it_as_the_api_does(staff, acme, key):
    (line,) = lines(staff, "reservation", request="one")
    assert line["endpoint"] == "classify" and line["committed"] == "4"
    assert line["key"] == ids.encode("key", key.id) and line["state"] == "committed"
    (money,) = lines(staff, "transfer", unit="money")
    assert (money["amount"], money["unit"], money["credit"]) == ("25.00", "USD", "2100")
    # What a spreadsheet would take for a formula is text.
    assert "'=welcome" in [line["reason"] for line in lines(staff, "lot")]


@pytest.mark.parametrize("page", ["changelist", "csv", "totals"])
@pytest.mark.parametrize("model", WINDOWS)
def test_who_may_not_see_them_does_not(client, acme, model, page):
    client.force_login(User.objects.create_user("clerk@example.com", is_staff=True))
    assert client.get(path(model, page)).status_code == 403
    client.force_login(User.objects.create_user("someone@example.com"))
    assert client.get(path(model, page)).status_code == 302


@pytest.mark.parametrize("model", ["transfer", "transaction"])
def test_people_are_told_by_their_address_in_one_query(staff, funded, model):
    boss = User.objects.get(email="boss@example.com")
    others = [User.objects.create_user(f"person{n}@example.com") for n in range(3)]
    for actor in (boss, *others):
        services.grant(funded.id, amount=CREDIT, kind="promo", actor=str(actor.id))
    services.grant(funded.id, amount=CREDIT, kind="promo", actor="billing")
    with CaptureQueriesContext(connection) as queries:
        page = staff.get(path(model), {"kind": "grant"})
    cells = [str(cell.content) for line in page.context["lines"] for cell in line]
    for actor in (boss, *others):
        assert actor.email in cells
        assert str(actor.id) not in cells
    assert "billing" in cells
    asked = [query["sql"] for query in queries if 'accounts_user"."id" IN' in query["sql"]]
    assert len(asked) == 1
