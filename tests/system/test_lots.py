"""Promises 11 and 12: every debit names its lots, what comes back comes back to them, and their
money is whole to the last cent."""

import random

import pytest

from tests.system.calls import (
    CREDIT,
    balance,
    grant,
    granted,
    lots,
    micro,
    new_customer,
    pages,
    reserve,
    settle,
)

CARRYING = "select ledger_carrying(%s, %s, %s) as value"


@pytest.fixture
def customer(api):
    return new_customer(api)


@pytest.fixture
def three(api, customer):
    """In their order of use: 10, 20 and 30."""
    usd = {"amount": "10.00", "currency": "USD"}
    last = grant(api, customer, "30", kind="paid", price=usd)
    first = grant(api, customer, "10", priority=1)
    second = grant(api, customer, "20", expires_at="2099-01-01T00:00:00Z")
    return first, second, last


def named(body):
    return {part["lot"]: part["amount"] for part in body["lots"]}


class TestLots:
    def test_a_hold_names_what_it_takes_in_their_order(self, api, customer, three):
        first, second, last = three
        made = granted(reserve(api, customer, "35"))
        assert made["lots"] == [
            {"lot": first, "amount": "10"},
            {"lot": second, "amount": "20"},
            {"lot": last, "amount": "5"},
        ]
        assert lots(api, customer) == {
            last: ("30", "5"),
            second: ("20", "20"),
            first: ("10", "10"),
        }

    def test_a_release_gives_back_to_the_same_lots(self, api, customer, three):
        before = lots(api, customer)
        granted(settle(api, "release", granted(reserve(api, customer, "35"))["id"]))
        assert lots(api, customer) == before

    def test_a_commit_takes_in_their_order_and_gives_back_the_rest(self, api, customer, three):
        first, second, last = three
        hold = granted(reserve(api, customer, "35"))["id"]
        # Credits that arrive later, to be spent sooner, change nothing about it.
        late = grant(api, customer, "50", priority=0)
        done = granted(settle(api, "commit", hold, amount="12.5"))
        assert named(done) == {first: "10", second: "2.5"}
        after = {first: ("0", "0"), second: ("17.5", "0"), last: ("30", "0"), late: ("50", "0")}
        assert lots(api, customer) == after

    def test_every_transfer_of_a_debit_names_its_lot(self, api, customer, three):
        done = granted(api.post("/debits", {"customer": customer, "amount": "45.25"}))
        transaction = pages(api, f"/customers/{customer}/transactions")[0]
        assert transaction["id"] == done["transaction"]
        assert transaction["reservation"] == done["id"]
        transfers = {leg["lot"]: leg["amount"] for leg in transaction["transfers"]}
        assert transfers == named(done) == dict(zip(three, ("10", "20", "15.25"), strict=True))
        assert {(leg["debit"], leg["credit"]) for leg in transaction["transfers"]} == {
            ("U20", "U30")
        }

    def test_a_reversal_gives_back_to_the_lots_that_paid_the_last_first(self, api, customer, three):
        first, second, last = three
        done = granted(api.post("/debits", {"customer": customer, "amount": "35"}))
        part = granted(settle(api, "reverse", done["id"], reason="Wrong", amount="7"))
        assert named(part) == {last: "5", second: "2"}
        rest = granted(settle(api, "reverse", done["id"], reason="Wrong"))
        assert named(rest) == {second: "18", first: "10"}
        assert rest["reversed"] == "35"
        assert lots(api, customer) == {
            first: ("10", "0"),
            second: ("20", "0"),
            last: ("30", "0"),
        }
        shown = {lot["id"]: lot for lot in pages(api, f"/customers/{customer}/lots")}
        assert shown[last]["price"] == {"amount": "10.00", "currency": "USD"}
        assert [shown[lot]["kind"] for lot in three] == ["promo", "promo", "paid"]
        assert shown[second]["expires_at"].startswith("2099-01-01")

    def test_what_exceeds_the_hold_names_its_lots_too(self, api, customer, three):
        first, second, last = three
        hold = granted(reserve(api, customer, "10", overrun="available"))["id"]
        done = granted(settle(api, "commit", hold, amount="31.000001"))
        assert named(done) == {first: "10", second: "20", last: "1.000001"}


class TestRounding:
    def test_a_third_of_ten_dollars(self, api, one, customer):
        price = {"amount": "10.00", "currency": "USD"}
        lot = grant(api, customer, "3", kind="paid", price=price)
        for _ in range(3):
            granted(api.post("/debits", {"customer": customer, "endpoint": "classify"}))
        assert revenue(one, lot) == [333, 334, 333]
        assert balance(api, customer) == ("0", "0", "0")

    @pytest.mark.parametrize("seed", range(5))
    def test_any_parts_of_any_price_sum_to_it(self, api, one, customer, seed):
        chance = random.Random(seed)
        units, cents = chance.randint(1, 40 * CREDIT), chance.randint(1, 99_999)
        price = {"amount": f"{cents // 100}.{cents % 100:02}", "currency": "USD"}
        lot = grant(api, customer, text(units), kind="paid", price=price)
        left = units
        while left:
            part = min(left, chance.randint(1, units // 3 + 1))
            done = granted(api.post("/debits", {"customer": customer, "amount": text(part)}))
            left -= part
            assert micro(done["balance"]["total"]) == left
        assert sum(revenue(one, lot)) == cents

    def test_prices_by_the_unit_are_exact(self, api, customer):
        grant(api, customer, "100")
        for tokens, amount in [
            (1, "2.00035"),
            (1200, "2.42"),
            (3, "2.00105"),
            ("0.01", "2.000004"),
        ]:
            fields = {"customer": customer, "endpoint": "generate", "quantity": {"tokens": tokens}}
            assert granted(api.post("/debits", fields))["committed"] == amount
        # 350 micro-credits a token: the half of one is rounded to even, once.
        for tokens, amount in [("0.01", "2.000004"), ("0.03", "2.00001"), ("0.05", "2.000018")]:
            fields = {"customer": customer, "endpoint": "generate", "quantity": {"tokens": tokens}}
            assert granted(api.post("/debits", fields))["committed"] == amount

    def test_every_column_of_value_is_a_whole_number(self, one):
        """Of every table: what is not text, time, id or truth is an integer."""
        kinds = one.rows(
            "select distinct data_type from information_schema.columns"
            " where starts_with(table_name, 'ledger_') and table_schema = 'public'"
            " and numeric_scale is distinct from 0"  # of many bigints a sum may be larger
        )
        inexact = {"real", "double precision", "money", "numeric"}
        assert not inexact & {row["data_type"] for row in kinds}


def revenue(installation, lot):
    """What each use of a lot is worth, in cents: what its carrying value fell by."""
    (row,) = installation.rows(
        "select id, price, units from ledger_lot where id = %s", [lot.removeprefix("lot_")]
    )
    used = installation.rows(
        "select amount from ledger_transfer where lot_id = %s and debit = 'U20' order by version",
        [row["id"]],
    )
    left, values = row["units"], [row["price"]]
    for transfer in used:
        left -= transfer["amount"]
        (carrying,) = installation.rows(CARRYING, [row["price"], row["units"], left])
        values.append(carrying["value"])
    return [before - after for before, after in zip(values, values[1:], strict=False)]


def text(amount):
    return f"{amount // CREDIT}.{amount % CREDIT:06}"
