"""A file is read before anything is played; each mistake names its event and its field."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billing.books.scenarios import file
from billing.books.scenarios.file import Mistaken

SALE = {"id": "p1", "customer": "a", "credits": 10, "price": "1.00"}


def mistakes(*events: Any, **content: Any) -> list[str]:
    with pytest.raises(Mistaken) as raised:
        file.read({"events": list(events), **content})
    return raised.value.mistakes


def event(kind: str, fields: Any, at: Any = "2025-01-05") -> dict[str, Any]:
    return {"at": at, kind: fields}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (event("purchase", {}), ["id is missing", "customer is missing", "price is missing"]),
        (event("purchase", SALE | {"credit": 1}), ["there is no field credit"]),
        (event("purchase", SALE | {"price": "1,00"}), ["price: '1,00' is no amount of money"]),
        (event("purchase", SALE | {"price": "-1.00"}), ["price: '-1.00' is no amount of money"]),
        (event("purchase", SALE | {"credits": "ten"}), ["credits: 'ten' is no number of credits"]),
        (event("purchase", SALE | {"expires": "soon"}), ["expires: 'soon' is no date"]),
        (event("purchase", SALE | {"currency": "XYZ"}), ["currency: 'XYZ' is no ISO 4217"]),
        (event("purchase", SALE | {"customer": False}), ["customer: False is no name: quote it"]),
        (event("purchase", SALE, at="2025-02-30"), ["at: '2025-02-30' is no date"]),
        (event("purchase", SALE, at=None), ["at is missing"]),
        (event("purchase", "p1"), ["'p1' has no fields"]),
        (event("commit", {"credits": 1}), ["needs one of reservation, customer"]),
        (event("commit", {"customer": "a"}), ["credits is missing"]),
        (
            event("refund", {"purchase": "p1", "credits": 1, "amount": "1.00"}),
            ["takes no credits beside amount"],
        ),
        (event("dispute", {"purchase": "p1"}), ["needs one of opened, won, lost"]),
        (event("dispute", {"purchase": "p1", "lost": "yes"}), ["lost: 'yes' is neither true"]),
        (event("estimate", {"rate": "a lot"}), ["rate: 'a lot' is no rate"]),
        (event("close", "January"), ["'January' is no month"]),
        (event("expect", {"balances": {"21": "1"}}), ["'21' is no code of the chart"]),
        (event("expect", {"credits": {"a": {"lost": "1"}}}), ["credits: lost is none of"]),
        (event("expect", {"journal": ["2100 1.00"]}), ["'2100 1.00' is no line like Dr"]),
    ],
)
def test_it_is_told_which_event_and_which_field(given: Any, told: list[str]) -> None:
    found = mistakes(event("purchase", SALE | {"id": "p0"}), given)
    for part in told:
        assert any(mistake.startswith("event 2 (") and part in mistake for mistake in found), found


def test_all_mistakes_are_told_at_once() -> None:
    assert len(mistakes(event("purchase", {}), {"at": "2025-01-05", "sale": {}})) == 5


@pytest.mark.parametrize(
    "line",
    ["purchase", {}, {"at": "2025-01-05"}, {"at": "x", "sell": {}}, event("x", 1) | {"y": 1}],
)
def test_an_event_is_one_of_those_there_are(line: Any) -> None:
    (found,) = mistakes(line)
    assert found.startswith("event 1: one of purchase, grant")


def test_a_name_stands_for_one_thing() -> None:
    found = mistakes(event("purchase", SALE), event("grant", SALE | {"kind": "promo"}))
    assert "event 1 (purchase): id p1 is used twice" in found


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"methods": "remote"}, "settings, methods: there is no such setting"),
        ({"method": "linear"}, "settings, method: 'linear' is none of remote, proportional"),
        ({"gate": "open"}, "settings, gate: 'open' is neither waived nor applied"),
        ({"reinstatement grace": "long"}, "settings, reinstatement grace: 'long' is no whole"),
        ({"escheat class": "Delaware"}, "settings, escheat class: 'Delaware' is no jurisdiction"),
        (["method"], "settings are names with values."),
    ],
)
def test_a_setting_is_one_of_those_there_are(settings: Any, told: str) -> None:
    (found,) = mistakes(settings=settings)
    assert told in found


def test_settings_are_read_however_they_are_spelt() -> None:
    found = file.read({"events": [], "settings": {
        "Method": "Proportional",
        "gate": "waived",
        "goodwill": "price concession",
        "chargeback": "credit_loss",
        "expiry extension": "Catch-Up",
        "tax point": "redemption",
        "reinstatement_grace_in_days": 7,
        "functional-currency": "EUR",
        "escheat class per jurisdiction": {"US-DE": 1825, "US": None},
    }}).settings  # fmt: skip
    assert found.policy == {
        "method": "proportional",
        "gate_waived": True,
        "goodwill": "price-concession",
        "chargeback": "credit-loss",
        "extension": "catch-up",
        "tax_point": "redemption",
        "reinstatement_grace_days": 7,
        "functional_currency": "EUR",
    }
    assert found.escheat_classes == {"US-DE": 1825, "US": 1095}


def test_the_rest_of_the_file_is_read_as_strictly() -> None:
    assert mistakes(unit={"currency": "dollar"}) == [
        "unit: {currency: USD} names a currency, and nothing else."
    ]
    assert mistakes(event="x") == ["There is no field event in a scenario."]
    with pytest.raises(Mistaken, match="this has none"):
        file.read({"title": "empty"})
    with pytest.raises(Mistaken, match="A scenario has the fields"):
        file.read([])


def load(folder: Path, text: str) -> file.Scenario:
    path = folder / "scenario.yaml"
    path.write_text(text)
    return file.load(path)


def test_numbers_are_never_floats(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        "events:\n"
        "  - {at: 2025-01-05, purchase: {id: 1, customer: a, credits: 0.1, price: 0.30}}\n"
        "  - {at: 2025-01-05, estimate: {rate: 12.5 %}}\n",
    )
    sale, estimate = found.events
    assert (sale.fields["id"], sale.fields["credits"], sale.fields["price"]) == (
        "1",
        100_000,
        "0.30",
    )
    assert str(estimate.fields["rate"]) == "0.125"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("events: [", "This is no YAML"),
        ("events: []\nevents: []", "events stands here twice"),
        ("events: !!python/object:os.system {}", "This is no YAML"),
        ("events:\n  - {at: 2025-02-30, close: 2025-01}", "at: '2025-02-30' is no date"),
    ],
)
def test_it_is_told_what_is_wrong_with_the_text(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(Mistaken, match=told):
        load(tmp_path, text)


def test_a_date_is_its_first_moment_in_utc(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        "events:\n"
        "  - {at: 2025-01-31, close: 2024-12}\n"
        "  - {at: 2025-01-31T12:00:00+02:00, close: 2024-12}\n"
        "  - {at: 2025-01-31, close: 2025-01}\n",
    )
    assert [event.clock for event in found.events] == [
        datetime(2025, 1, 31, tzinfo=UTC),
        datetime(2025, 1, 31, 10, tzinfo=UTC),
        # A month that is closed on its last day is closed when that is over.
        datetime(2025, 2, 1, tzinfo=UTC),
    ]


def test_a_rate_of_nothing_is_a_rate() -> None:
    (found,) = file.read({"events": [event("estimate", {"rate": 0})]}).events
    assert found.fields["rate"] == 0
