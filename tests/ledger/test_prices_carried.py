"""Prices and endpoints of a release before say the same as they did."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import msgspec
import pytest
from django.db import connections, transaction

from config.demo.history.clock import as_owner
from ledger import selectors
from ledger.fastpath import answers
from ledger.models import Endpoint, Price, RateCard
from ledger.prices import rate_cards
from ledger.prices.pricing import charge

# As 0003_rate_cards made it.
BEFORE = """
alter table ledger_price add column quantity_name varchar(50) not null default '',
    add column per_quantity bigint not null default 0, add column quantity_size bigint not null default 1;
alter table ledger_endpoint add column bills_client_errors boolean not null default false;
alter table ledger_price alter column quantity_name drop default;
drop index rate_card_once_in_force;
"""  # noqa: E501
CARRY = import_module("ledger.migrations.0008_prices").CARRY


@pytest.fixture
def _old_release(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), as_owner(), transaction.atomic():
        execute(BEFORE)
        yield
        transaction.set_rollback(True)


def execute(statement, *parameters):
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement, parameters or None)


def sold(code, card, per_call, name="", amount=0, size=1):
    endpoint = rate_cards.create_endpoint(code=code, name=code)
    execute(
        "insert into ledger_price (rate_card_id, endpoint_id, per_call, units, quantity_name,"
        " per_quantity, quantity_size) values (%s, %s, %s, '[]', %s, %s, %s)",
        *(card.id, endpoint.id, per_call, name, amount, size),
    )
    return endpoint


@pytest.mark.usefixtures("_old_release")
def test_prices_and_policies_are_carried_over():
    card = rate_cards.create_card(name="old", effective_at=datetime.now(UTC))
    strict = sold("strict", card, 4_000_000)
    sold("generate", card, 2_000_000, "tokens", 350_000, 1000)
    sold("free", card, 0, "pages", 0, 1)
    execute("update ledger_endpoint set bills_client_errors = true where id = %s", strict.id)
    execute(CARRY)
    found = Price.objects.filter(rate_card=card).select_related("endpoint", "rate_card")
    prices = {price.endpoint.code: selectors.priced(price) for price in found}
    shown = {
        code: msgspec.json.encode(answers.shown(price)).decode() for code, price in prices.items()
    }
    assert shown == {
        "strict": '{"rate_card":"old","per_call":"4","quantity":null}',
        "generate": '{"rate_card":"old","per_call":"2",'
        '"quantity":{"name":"tokens","per":1000,"amount":"0.35"}}',
        "free": '{"rate_card":"old","per_call":"0",'
        '"quantity":{"name":"pages","per":1,"amount":"0"}}',
    }
    assert charge(prices["generate"], {"tokens": 1200}) == (2_420_000, {"tokens": "1200"})
    assert charge(prices["free"], 7) == (0, {"pages": "7"})
    billed = Endpoint.objects.filter(billed_client_error=100).values_list("code", flat=True)
    assert list(billed) == ["strict"]
    assert prices["strict"].billed == (100, 100, 0, 0, 100)


@pytest.mark.usefixtures("_old_release")
def test_of_cards_that_began_together_the_last_one_stays():
    at = datetime.now(UTC) - timedelta(days=1)
    for name in ("one", "two", "three", "draft"):
        rate_cards.create_card(name=name, effective_at=at)
    RateCard.objects.exclude(name="draft").update(published_at=at)
    execute(CARRY)
    retired = RateCard.objects.filter(retired_at__isnull=False).values_list("name", flat=True)
    assert sorted(retired) == ["one", "two"]
    assert rate_cards.in_force(None, selectors.now()).name == "three"
