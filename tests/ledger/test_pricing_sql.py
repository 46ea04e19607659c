"""A price that depends on the month is decided in SQL: it says what Python does."""

from decimal import Decimal

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from psycopg.types.json import Jsonb

from ledger.prices.pricing import charge, rule, share
from tests.ledger.prices import AMOUNTS, PRICES, quantities, texts

pytestmark = pytest.mark.django_db(databases=["default", "owner"])
MANY = settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])


def asked(query, *parameters):
    """The application may not call it by itself."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchone()[0]


@MANY
@given(price=PRICES, tokens=quantities(), pages=quantities(), before=quantities())
def test_the_core_and_python_price_alike(price, tokens, pages, before):
    given = texts(tokens=tokens, pages=pages)
    told = {name: given[name] for name in price.measured}
    so_far = texts(tokens=before, pages=before / 7 // Decimal("0.001"), calls=int(before))
    so_far["month"] = "2026-11-01"
    found = asked(
        "select ledger_price_of(%s, %s, %s)",
        *(Jsonb(rule(price)), Jsonb(told), Jsonb(so_far)),
    )
    assert found == charge(price, told, so_far).amount


@MANY
@given(amount=AMOUNTS, percent=AMOUNTS)
def test_they_bill_the_same_share(amount, percent):
    assert asked("select ledger_share(%s, %s)", amount, percent % 101) == share(
        amount, percent % 101
    )
