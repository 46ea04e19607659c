"""What the command prints, for programs."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.books.scenarios import file, output, player

HERE = Path(__file__).parent
# Section 8.1, to the cent.
EXAMPLE = [
    ("opening", "1000.00", "-60.00", "940.00"),
    ("sales", "500.00", "0.00", "500.00"),
    ("usage revenue", "-310.00", "0.00", "-310.00"),
    ("commit reversals", "10.00", "0.00", "10.00"),
    ("expiry", "-40.00", "40.00", "0.00"),
    ("breakage revenue", "0.00", "-29.50", "-29.50"),
    ("refunds", "-60.00", "0.00", "-60.00"),
    ("chargebacks", "-60.00", "0.00", "-60.00"),
    ("escheat", "-12.00", "0.00", "-12.00"),
    ("transfers", "0.00", "0.00", "0.00"),
    ("closing", "1028.00", "-49.50", "978.50"),
]


def answer_to(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(output.as_json(player.play(file.load(HERE / name))))
    return found


@pytest.fixture(scope="module")
def month(server: None) -> dict[str, Any]:
    return answer_to("roll-forward.yaml")


def test_the_roll_forward_is_the_example_of_the_rules(month: dict[str, Any]) -> None:
    (closed,) = (close for close in month["closes"] if close["period"] == "2025-02")
    lines = [
        tuple(line[key] for key in ("line", "2100", "2110", "net"))
        for line in closed["roll_forward"]
    ]
    assert lines == EXAMPLE


def test_each_roll_forward_goes_on_where_the_one_before_ended(month: dict[str, Any]) -> None:
    lines = [close["roll_forward"] for close in month["closes"]]
    ends = [line[-1] | {"line": ""} for line in lines]
    starts = [line[0] | {"line": ""} for line in lines]
    assert starts[1:] == ends[:-1]


def test_movements_are_differences_of_balances(month: dict[str, Any]) -> None:
    _, january, february = month["closes"]
    for code, moved in february["movements"].items():
        before, after = january["balances"][code], february["balances"][code]
        assert Decimal(moved) == Decimal(after) - Decimal(before)


def test_cohorts_add_up_to_the_balances(month: dict[str, Any]) -> None:
    for close in month["closes"]:
        for code, key in (("2100", "o"), ("2110", "2110"), ("4200", "n")):
            total = sum(Decimal(cohort[key]) for cohort in close["cohorts"])
            assert total == Decimal(close["balances"][code])


def test_transfers_add_up_to_the_balances(month: dict[str, Any]) -> None:
    found: dict[str, Decimal] = {}
    for transfer in month["transfers"]:
        if transfer["unit"] == "USD":
            for code, sign in ((transfer["debit"], 1), (transfer["credit"], -1)):
                found[code] = found.get(code, Decimal(0)) + sign * Decimal(transfer["amount"])
    balances = month["balances"]["USD"]
    assert sum(found.values()) == 0
    assert {code for code in found if found[code]} == {
        code for code in balances if Decimal(balances[code])
    }
    assert found["2100"] == -Decimal(balances["2100"])
    assert found["2110"] == Decimal(balances["2110"])


def test_it_has_the_keys_of_the_rules_and_no_others(month: dict[str, Any]) -> None:
    assert list(month) == ["closes", "balances", "credits", "transfers", "refused"]
    close = ["period", "currency", "balances", "movements", "roll_forward", "cohorts"]
    assert {tuple(one) for one in month["closes"]} == {tuple(close)}
    assert set(month["balances"]) == {"USD", "CR"}
    assert month["credits"]["b"] == {
        "available": "6775",
        "held": "0",
        "frozen": "0",
        "consumed": "4455",
        "expired": "0",
        "refunded": "600",
    }


def test_names_of_the_file_stand_for_customers_lots_and_documents(month: dict[str, Any]) -> None:
    sale, money, tax, *_ = (line for line in month["transfers"] if line["customer"] == "b")
    assert (sale["unit"], sale["lot"], sale["document"]) == ("CR", "p2", "p2")
    assert {money["credit"], tax["credit"]} == {"2100", "2200"}
    assert money["at"] == "2025-01-05T00:00:00Z"
    assert (money["cohort"], money["posting_date"]) == ("2025-01/USD", "2025-01-05")
    moved = [line for line in month["transfers"] if line["customer"] == "d"]
    assert {line["lot"] for line in moved} == {"p2"}


def test_each_currency_has_its_decimals_and_its_close(server: None) -> None:
    found = player.play(file.read({"events": [
        _sale("p1", "JPY", "1000"),
        _sale("p2", "KWD", "10.000"),
        {"at": "2025-02-01", "close": "2025-01"},
    ]}))  # fmt: skip
    assert [close.currency for close in found.closes] == ["JPY", "KWD"]
    assert [close.balances["2100"] for close in found.closes] == ["1000", "10.000"]
    assert found.balances["USD"]["2100"] == "0.00"


def _sale(id: str, currency: str, price: str) -> dict[str, Any]:
    said = {"id": id, "customer": "a", "credits": 10, "price": price, "currency": currency}
    return {"at": "2025-01-05", "purchase": said | {"expires": "2026-01-05"}}
