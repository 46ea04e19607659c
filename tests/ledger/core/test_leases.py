"""Leases in the core: what is held, posted and given back."""

from random import Random
from uuid import uuid5

import pytest

from accounts.ids import uuid7
from ledger import limits
from ledger.checks import verify
from ledger.limits import Limit
from ledger.prices import rate_cards
from tests.factories.ledger import Book

GRACE = 30


def wallet(book):
    now = book.refresh()
    return now.available, now.held


def calls(book):
    select = "select state, committed, calls from ledger_reservation"
    return book._rows(select, "calls desc, committed")


def broken(book):
    return [found for found in verify([book.customer_id]) if found.broken]


def test_a_lease_holds_its_amount_and_says_until_when(book, clock):
    lease = book.lease(40, expires_in=60)
    assert (lease.code, lease.state, lease.amount, lease.available) == ("ok", "open", 40, 60)
    assert 59 < (lease.expires_at - clock.now()).total_seconds() <= 60
    assert wallet(book) == (60, 40)


def test_it_gets_what_there_is_down_to_the_least(book):
    assert book.lease(150, minimum=50).amount == 100
    refused = book.lease(10)
    assert (refused.code, refused.required) == ("insufficient-credits", 10)


def test_below_the_least_it_is_refused_and_nothing_is_held(book):
    assert book.lease(150, minimum=101).code == "insufficient-credits"
    assert wallet(book) == (100, 0)


def test_a_settlement_posts_its_lines_as_calls_and_the_rest_comes_back(book):
    lease = book.lease(40)
    settled = book.settle(lease, 1, 5, 7)
    assert (settled.code, settled.state, settled.committed) == ("ok", "ended", 12)
    assert wallet(book) == (88, 0)
    assert calls(book) == [("committed", 5, 1), ("committed", 7, 1), ("released", 0, 0)]
    assert not broken(book)


def test_renewed_it_has_its_amount_again_and_a_new_expiry(book, clock):
    lease = book.lease(40, expires_in=60)
    clock.forward(50)
    settled = book.settle(lease, 1, 30, renew=True)
    assert (settled.state, settled.amount, settled.committed) == ("open", 40, 30)
    assert settled.expires_at > lease.expires_at
    assert wallet(book) == (30, 40)
    clock.forward(60)
    assert wallet(book) == (30, 40)
    clock.forward(GRACE)
    assert wallet(book) == (70, 0)
    assert not broken(book)


def test_renewed_near_the_end_of_a_balance_it_has_what_there_is(book):
    lease = book.lease(60)
    assert book.settle(lease, 1, 55, renew=True).amount == 45
    assert book.settle(lease, 2, 45, renew=True).amount == 0
    assert wallet(book) == (0, 0)


def test_renewed_with_less_it_gives_back_the_difference(book):
    lease = book.lease(60)
    assert book.settle(lease, 1, 10, renew=True, amount=20).amount == 20
    assert wallet(book) == (70, 20)
    assert book.settle(lease, 2, renew=True, amount=50, expires_in=600).amount == 50
    assert not broken(book)


def test_until_the_grace_is_over_it_can_be_settled(book, clock):
    lease = book.lease(40, expires_in=60)
    clock.forward(60 + GRACE - 1)
    assert book.settle(lease, 1, 40).ok
    assert wallet(book) == (60, 0)


def test_afterwards_it_is_over_and_free(book, clock):
    lease = book.lease(40, expires_in=60)
    clock.forward(60 + GRACE)
    assert book.settle(lease, 1, 40).code == "lease-expired"
    assert wallet(book) == (100, 0)


def test_an_ended_lease_is_settled_no_more(book):
    lease = book.lease(40)
    book.settle(lease, 1)
    assert book.settle(lease, 2, 1).code == "lease-ended"


def test_settlements_are_counted_without_a_gap(book):
    lease = book.lease(40)
    refused = book.settle(lease, 2, 5, renew=True)
    assert (refused.code, refused.required) == ("lease-sequence-gap", 1)
    book.settle(lease, 1, 5, renew=True)
    refused = book.settle(lease, 1, 5, renew=True)
    assert (refused.code, refused.required) == ("lease-sequence-gap", 2)


def test_more_than_it_has_is_refused_whole(book):
    lease = book.lease(40)
    refused = book.settle(lease, 1, 30, 11)
    assert (refused.code, refused.required) == ("amount-exceeds-lease", 40)
    assert wallet(book) == (60, 40)


def test_a_settlement_that_is_sent_again_is_answered_again(book):
    lease = book.lease(40)
    keyed = {"key": uuid5(lease.reservation_id, "1"), "request": 7}
    first = book.settle(lease, 1, 5, renew=True, **keyed)
    book.settle(lease, 2, 6, renew=True)
    again = book.settle(lease, 1, 5, renew=True, **keyed)
    assert again.replayed and not first.replayed
    again.replayed, again.told = first.replayed, first.told
    assert again == first
    other = book.settle(lease, 1, 6, renew=True, **keyed | {"request": 8})
    assert other.code == "idempotency-key-reused"


@pytest.mark.parametrize("op", ["commit", "release", "extend"])
def test_a_lease_is_no_reservation(book, op):
    lease = book.lease(40)
    asked = {"reservation_id": lease.reservation_id, "expires_in": 60}
    assert book.do(op, **asked).code == "not-found"
    assert wallet(book) == (60, 40)


def test_a_line_pays_from_the_lots_that_the_lease_named(clock):
    book = Book.new()
    first = book.grant(30, kind="paid")
    second = book.grant(30)
    ends = book.grant(5, expires_at=clock.after(40))
    lease = book.lease(50, expires_in=60)
    clock.forward(50)
    assert book.settle(lease, 1, 4, 3).ok
    moved = [(kind, amount, lot) for kind, _, _, amount, lot in book.transfers() if lot == ends]
    assert moved == [("grant", 5, ends), ("commit", 4, ends), ("commit", 1, ends)]
    left = book.lots()
    assert (left[first], left[second]) == (30, 28) and left[ends] == 0
    assert not broken(book)


def test_one_line_is_many_calls(book):
    lease = book.lease(40)
    usage = [{"price_id": None, "calls": 1000, "amount": 20, "quantities": {"tokens": "5"}}]
    book.settle(lease, 1, detail={"sequence": 1, "usage": usage, "renew": False})
    (line,) = book._rows("select calls, quantities::text from ledger_call", "calls desc")[:1]
    assert line == (1000, '{"tokens": "5"}')
    assert not broken(book)


def test_a_line_without_quantities_has_none(book):
    lease = book.lease(40)
    usage = [{"price_id": None, "calls": 3, "amount": 20, "quantities": None}]
    book.settle(lease, 1, detail={"sequence": 1, "usage": usage, "renew": False})
    assert book._rows("select quantities is null from ledger_call", "calls desc")[0] == (True,)


def test_a_cap_counts_a_lease_whole_and_its_rest_not(book):
    cap = Limit("customer", "spend", period="day", hard=50)
    limits.set_limits(book.customer_id, "provider", [cap])
    lease = book.lease(40)
    assert book.reserve(11).code == "spend-cap-reached"
    assert book.lease(30, minimum=10).amount == 10
    assert book.lease(1).code == "spend-cap-reached"
    assert book.settle(lease, 1, 5, renew=True).amount == 35
    book.settle(lease, 2, 1)
    assert book.reserve(34).ok and not book.reserve(1).ok
    assert not broken(book)


def test_what_an_endpoint_may_cost_is_looked_at_call_by_call(book):
    limit = Limit("endpoint", "spend", 7, period="day", hard=50)
    limits.set_limits(book.customer_id, "provider", [limit])
    assert book.lease(10).code == "lease-impossible"


@pytest.mark.parametrize("scope", ["customer", "key"])
def test_calls_count_for_rates_when_they_are_told_of(book, clock, scope):
    rate = Limit(scope, "rate", every=1_000_000, burst=5)
    limits.set_limits(book.customer_id, "provider", [rate])
    lease = book.lease(40, api_key_id=uuid7())
    usage = [{"price_id": None, "calls": 20, "amount": 20}]
    settled = book.settle(lease, 1, detail={"sequence": 1, "usage": usage, "renew": True})
    assert (settled.code, settled.amount) == ("ok", 20)
    clock.forward(20)
    assert book.settle(lease, 2, renew=True).amount == 40
    assert not broken(book)


def test_leases_by_chance_never_overdraw_and_the_books_explain_themselves(clock):
    """Against a model of what the holders believe."""
    for seed in range(6):
        random = Random(seed)
        book = Book.new()
        granted = spent = 0
        leases = {}
        for step in range(60):
            act = random.choice(["grant", "lease", "settle", "settle", "renew", "debit", "wait"])
            if act == "grant":
                amount = random.randint(1, 50)
                ends = random.choice([None, None, clock.after(random.randint(10, 300))])
                book.grant(amount, kind=random.choice(["paid", "promo"]), expires_at=ends)
                granted += amount
            elif act == "lease":
                asked = random.randint(1, 60)
                made = book.lease(asked, minimum=random.randint(1, asked), expires_in=40)
                if made.ok:
                    leases[made.reservation_id] = [made, made.amount, 0]
            elif act in ("settle", "renew") and leases:
                id = random.choice(list(leases))
                made, amount, sequence = leases[id]
                lines = []
                while amount and random.random() < 0.7:
                    lines.append(random.randint(0, amount))
                    amount -= lines[-1]
                done = book.settle(made, sequence + 1, *lines, renew=act == "renew")
                if done.ok:
                    spent += sum(lines)
                    leases[id] = [made, done.amount, sequence + 1]
                if done.state != "open":
                    del leases[id]
            elif act == "debit":
                amount = random.randint(1, 20)
                spent += amount if book.debit(amount).ok else 0
            else:
                clock.forward(random.choice([1, 15, 80]))
            now = book.refresh()
            assert now.available >= 0 and now.held >= 0, (seed, step)
        used = book._rows("select coalesce(sum(committed), 0) from ledger_reservation", "1")
        assert used == [(spent,)] and spent <= granted
        assert not broken(book), seed


def test_a_limit_of_an_endpoint_that_came_later_hears_of_its_calls(book, clock):
    endpoint = rate_cards.create_endpoint(code=f"e{uuid7().hex}", name="E")
    card = rate_cards.create_card(name=endpoint.code, effective_at=clock.now())
    price = rate_cards.set_price(card, endpoint, per_call=10)
    lease = book.lease(40)
    cap = Limit("endpoint", "spend", endpoint.id, period="day", hard=50)
    limits.set_limits(book.customer_id, "provider", [cap])
    usage = [{"price_id": price.id, "calls": 3, "amount": 30}]
    book.settle(lease, 1, detail={"sequence": 1, "usage": usage, "renew": False})
    assert book.reserve(21, price_id=price.id).code == "spend-cap-reached"
    assert book.reserve(20, price_id=price.id).ok
    assert not broken(book)
