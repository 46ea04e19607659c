"""Every kind of damage to invoices, or to what was entered for them, is found by its check."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import connection, connections, transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from accounts.ids import uuid7
from billing.models import Overage
from billing.plans import checks as plan_checks
from billing.plans import running
from ledger import checks
from ledger.checks import Finding
from tests.billing.plans.world import Subscriber, World, new_plan
from tests.factories.dated import Calendar


@pytest.fixture(scope="module")
def one(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Subscriber]:
    """With an invoice that is paid and one that is not; committed, for the owner to see."""
    with django_db_blocker.unblock(), override_settings(PAYMENT_PROVIDERS=["test"]):
        one = World(Calendar()).subscriber()
        plan = new_plan(
            fee=20_00, overage=Overage.POST_PAID, credit_limit=100, overage_price=Decimal("0.1")
        )
        one.start(plan)
        one.uses(50)
        one.change(new_plan(fee=30_00), at_once=True)
        running.run()
        assert one.states() == ["paid", "paid"]
        yield one
        connections.close_all()


@contextmanager
def damaged(one: Subscriber, sql: str) -> Iterator[dict[str, Finding]]:
    with transaction.atomic(using="owner"):
        owner = connections["owner"]
        with owner.cursor() as cursor:
            for constraint in ("invoice_adds_up", "invoice_overage_has_a_lot"):
                cursor.execute(f"alter table billing_invoice drop constraint {constraint}")
            cursor.execute(sql, {"customer": one.id, "other": uuid7()})
            assert cursor.rowcount > 0, "nothing was damaged"
        found = [finding for finding in checks.run(owner, [one.id]) if finding.broken]
        yield {finding.check.name: finding for finding in found}
        transaction.set_rollback(True, using="owner")


OWN = "customer_id = %(customer)s"
DAMAGE = {
    "invoice-entries": f"""
        delete from ledger_transfer where {OWN} and kind = 'invoice paid'
    """,
    "invoice-overage": f"""
        update billing_invoice set overage = overage + 1 where {OWN} and lot is not null
    """,
    "invoice-paper": f"delete from billing_document where {OWN} and invoice_id is not null",
}
MORE = [
    ("invoice-entries", f"update billing_invoice set fee_earned = 1 where {OWN} and fee > 0"),
    ("invoice-entries", f"update billing_invoice set total = total + 1, tax = tax + 1 where {OWN}"),
    (
        "invoice-entries",
        f"update ledger_transfer set credit = '4100' where {OWN} and credit = '2120'",
    ),
    (
        "invoice-entries",
        f"update ledger_transfer set document = 'inv_x' where {OWN} and kind = 'payment fee'",
    ),
    (
        "invoice-overage",
        f"update ledger_lot set price = price + 1 where {OWN} and document like 'inv%%'",
    ),
    (
        "invoice-paper",
        """
        update billing_invoicecharge set state = 'failed'
        where invoice_id in (select id from billing_invoice where customer_id = %(customer)s)
        """,
    ),
]


def test_there_is_damage_for_every_check() -> None:
    assert set(DAMAGE) == {check.name for check in plan_checks.CHECKS.checks}


def test_nothing_is_found_in_a_clean_history(one: Subscriber) -> None:
    assert [found for found in checks.run(connection, [one.id]) if found.broken] == []


@pytest.mark.parametrize(("name", "sql"), [*DAMAGE.items(), *MORE])
def test_damage_is_found_and_named(one: Subscriber, name: str, sql: str) -> None:
    with damaged(one, sql) as found:
        assert name in found
        assert found[name].rows[0]["invoice"].startswith("inv_")
