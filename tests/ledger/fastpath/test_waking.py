"""Whoever commits events wakes the relay, once the answer is safe."""

from collections.abc import Iterator

import pytest
from django.db import connection

from ledger import outbox
from tests.ledger.fastpath.shop import funded


def heard(timeout: float) -> bool:
    assert connection.connection is not None
    return bool(list(connection.connection.notifies(timeout=timeout, stop_after=1)))


@pytest.fixture(autouse=True)
def _listening() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"listen {outbox.CHANNEL}")
        yield
        cursor.execute("unlisten *")


def test_a_debit_that_spends_the_last_wakes_it(api):
    customer = funded()
    while heard(0.2):
        pass
    assert api.debit(customer, amount=1).status_code == 201
    assert not heard(0.3)
    assert api.debit(customer, amount=99).status_code == 201
    assert heard(5)
