"""Promise 8: expired credits are never spendable, and expiry and holds do not fight."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.system.calls import balance, grant, granted, lots, new_customer, pages, reserve, settle


@pytest.fixture
def api(fragile):
    with fragile.api() as api:
        yield api


@pytest.fixture
def customer(api):
    return new_customer(api)


@pytest.fixture
def soon(api, fragile, customer):
    """100 credits that expire within an hour of the ledger's time."""
    return grant(api, customer, "100", expires_at=ledger_time(fragile, hours=1))


def ledger_time(installation, **ahead):
    (row,) = installation.rows("select ledger_now() as now")
    return (row["now"] + timedelta(**ahead)).astimezone(UTC).isoformat()


def kinds(api, customer):
    """The last first, each with what the balance gained."""
    found = pages(api, f"/customers/{customer}/transactions")
    return [(one["kind"], one["amount"]) for one in found]


def test_expired_credits_are_gone_from_that_second_without_any_job(api, fragile, customer, soon):
    fragile.shift_clock("1 hour")
    refused = reserve(api, customer, "1")
    assert refused.problem == (402, "insufficient-credits")
    assert refused.json()["available"] == "0"
    assert balance(api, customer) == ("0", "0", "0")
    assert kinds(api, customer) == [("expire", "-100"), ("grant", "100")]


def test_expired_credits_are_passed_over(api, fragile, customer, soon):
    kept = grant(api, customer, "30", priority=1000)
    fragile.shift_clock("1 hour")
    made = granted(reserve(api, customer, "30"))
    assert made["lots"] == [{"lot": kept, "amount": "30"}]
    assert made["balance"]["total"] == "30"


def test_what_expires_first_is_spent_first(api, fragile, customer, soon):
    sooner = grant(api, customer, "10", expires_at=ledger_time(fragile, minutes=30))
    never = grant(api, customer, "10")
    done = granted(api.post("/debits", {"customer": customer, "amount": "115"}))
    assert [part["lot"] for part in done["lots"]] == [sooner, soon, never]


def test_a_hold_keeps_its_credits_past_their_expiry(api, fragile, customer, soon):
    hold = granted(reserve(api, customer, "60", expires_in=7200))["id"]
    fragile.shift_clock("1 hour")
    assert balance(api, customer) == ("0", "60", "60")
    done = granted(settle(api, "commit", hold, amount="60"))
    assert done["lots"] == [{"lot": soon, "amount": "60"}]
    assert kinds(api, customer) == [("commit", "-60"), ("expire", "-40"), ("grant", "100")]


@pytest.mark.parametrize(
    ("verb", "fields", "used"), [("commit", {"amount": "25"}, 25), ("release", {}, 0)]
)
def test_what_comes_back_then_expires(api, fragile, customer, soon, verb, fields, used):
    hold = granted(reserve(api, customer, "60", expires_in=7200))["id"]
    fragile.shift_clock("1 hour")
    done = granted(settle(api, verb, hold, **fields))
    assert done["balance"] == {"available": "0", "held": "0", "frozen": "0", "total": "0"}
    assert lots(api, customer) == {soon: ("0", "0")}
    gone = [int(amount) for kind, amount in kinds(api, customer) if kind == "expire"]
    assert sum(gone) == used - 100


def test_what_an_expired_hold_gives_back_expires_too(api, fragile, customer, soon):
    granted(reserve(api, customer, "60", expires_in=7200))
    fragile.shift_clock("3 hours")
    assert balance(api, customer) == ("0", "0", "0")
    assert lots(api, customer) == {soon: ("0", "0")}


def test_a_hold_that_expires_before_its_lot_gives_spendable_credits_back(api, fragile, customer):
    lot = grant(api, customer, "100", expires_at=ledger_time(fragile, hours=5))
    granted(reserve(api, customer, "60", expires_in=7200))
    fragile.shift_clock("3 hours")
    made = granted(reserve(api, customer, "100"))
    assert made["lots"] == [{"lot": lot, "amount": "100"}]


def test_what_is_reversed_to_an_expired_lot_expires(api, fragile, customer, soon):
    done = granted(api.post("/debits", {"customer": customer, "amount": "70"}))
    fragile.shift_clock("1 hour")
    back = granted(settle(api, "reverse", done["id"], reason="Wrong"))
    assert back["lots"] == [{"lot": soon, "amount": "70"}]
    assert back["balance"]["total"] == "0"
    assert balance(api, customer) == ("0", "0", "0")
    assert lots(api, customer) == {soon: ("0", "0")}


def test_an_overrun_takes_nothing_of_an_expired_lot(api, fragile, customer, soon):
    hold = granted(reserve(api, customer, "60", expires_in=7200, overrun="available"))["id"]
    fragile.shift_clock("1 hour")
    refused = settle(api, "commit", hold, amount="61")
    assert refused.problem == (402, "insufficient-credits")
    assert refused.json()["shortfall"] == "1"
    assert balance(api, customer) == ("0", "60", "60")


def test_credits_that_are_about_to_expire_are_told(api, fragile, customer, soon):
    granted(reserve(api, customer, "30"))
    (told,) = granted(api.get(f"/customers/{customer}/balance"))["expiring"]
    assert (told["lot"], told["amount"]) == (soon, "70")
    assert datetime.fromisoformat(told["expires_at"]).tzinfo is not None
