"""The sweep comes every few seconds: it costs customers whom nothing can be charged next to
nothing, and their debits do not wait for it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.providers.sandbox import acts
from billing.reconciliation import reconcile
from billing.top_up import wishing
from ledger import selectors as ledger
from tests.billing.top_up.owner import Owner


def declined(pack):
    owner = Owner.new(pack, "9979")
    owner.spend_to(100)
    return owner


def put_off(pack):
    owner = Owner.new(pack, "9995")
    owner.spend_to(100)
    return owner


def disputed(pack):
    owner = Owner.new(pack)
    acts.dispute(owner.last_purchase().provider_ref)
    reconcile()
    return owner


def just_charged(pack):
    owner = Owner.new(pack)
    owner.spend_to(100)
    owner.run()
    owner.spend_to(100)
    return owner


def withdrawn(pack):
    owner = Owner.new(pack)
    owner.spend_to(100)
    pack.active_until = ledger.now()
    pack.save()
    return owner


def asked():
    """The statements of a sweep."""
    with CaptureQueriesContext(connection) as queries:
        wishing.look()
    return [query["sql"] for query in queries.captured_queries]


@pytest.mark.parametrize("stopped", [declined, put_off, disputed, just_charged])
def test_whose_card_is_left_alone_costs_no_statement(books_tie, pack, stopped):
    before = len(asked())
    stopped(pack).run()
    assert len(asked()) == before


@pytest.fixture
def read(monkeypatch):
    """Customers whose balance was read, which locks the wallet."""
    read, real = [], ledger.balance

    def balance(customer_id):
        read.append(customer_id)
        return real(customer_id)

    monkeypatch.setattr(ledger, "balance", balance)
    return read


def test_whatever_stops_it_no_wallet_is_locked(books_tie, pack, read):
    withdrawn(pack).run()
    read.clear()
    wishing.look()
    assert read == []


def test_of_whoever_can_be_charged_it_is(owner, read):
    owner.spend_to(100)
    read.clear()
    wishing.look()
    assert (read, owner.states()) == ([owner.customer.id], ["wanted"])
