"""Every kind of damage to payments, or to what was entered for them, is found by its check."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import LazySettings
from django.db import connection, connections, transaction
from django.test import override_settings

from accounts.ids import uuid7
from accounts.models import Customer
from billing import checks as billing_checks
from billing import refunds
from billing.models import Payment
from billing.providers.sandbox import acts
from ledger import checks
from ledger.amounts import CREDIT
from ledger.checks import Finding, outside
from tests.billing.reports import report, untold
from tests.factories.billing import (
    bought,
    dispute_fact,
    new_pack,
    order,
    pay,
    refund_fact,
    say,
    sold_by_the_test_provider,
    taxed,
)
from tests.factories.ledger import Book

PAYMENTS = 6
PACK = {"bonus": 200, "bonus_validity_days": 30, "bonus_expected_use_percent": 50}


@pytest.fixture(scope="module")
def customer(django_db_setup: None, django_db_blocker) -> Iterator[Customer]:
    """To whom everything has happened that can happen to a payment; committed, for the owner's
    connection to see, and gone in the end."""
    with django_db_blocker.unblock(), override_settings(PAYMENT_PROVIDERS=["test"]):
        customer = taxed("20", country="ZZ")
        # What is spent is of the first that is not taken or frozen.
        _disputed(customer, "lost")
        _refunded(customer)
        _refund_failed(customer)
        _refund_requested(customer)
        _disputed(customer, "won")
        _disputed(customer, "open")
        yield customer
        _forget(customer)


def _forget(customer: Customer) -> None:
    packs = list(customer.purchases.values_list("pack_id", flat=True))
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for sql in FORGETTING:
            cursor.execute(sql, {"customer": customer.pk, "packs": packs})


OWN = "customer_id = %(customer)s"
PURCHASES = f"(select id from billing_purchase where {OWN})"
FORGETTING = [
    f"delete from billing_document where {OWN}",
    """
    update billing_documentsequence s set last =
        (select coalesce(max(number), 0) from billing_document d where d.kind = s.kind)
    """,
    *(
        f"delete from billing_{table} where {column} in {PURCHASES}"
        for table, column in [
            ("dispute", "payment_id"),
            ("refund", "payment_id"),
            ("payment", "purchase_id"),
        ]
    ),
    f"""
    delete from billing_sandboxcheckout where purchase_ref in
        (select 'pur_' || replace(id::text, '-', '') from {PURCHASES} x)
    """,
    f"delete from billing_purchase where {OWN}",
    "delete from billing_packprice where pack_id = any(%(packs)s)",
    "delete from billing_pack where id = any(%(packs)s)",
    f"delete from billing_billingprofile where {OWN}",
    "delete from billing_taxrate where country = 'ZZ'",
    *(
        f"delete from ledger_{table} where {OWN}"
        for table in ("transfer", "event", "key", "call", "hold", "lot", "wallet")
    ),
    "delete from accounts_customer where id = %(customer)s",
]


def _bought(customer: Customer) -> Payment:
    return pay(order(customer, new_pack(**PACK)), fee=3_20)


def _refunded(customer: Customer) -> None:
    """Some of it used: a concession."""
    payment = _bought(customer)
    Book(customer.pk).debit(900 * CREDIT)
    say(refund_fact(payment, f"full {payment.pk}", 100_00))


def _refund_failed(customer: Customer) -> None:
    payment = _bought(customer)
    for state in ("succeeded", "failed"):
        say(refund_fact(payment, f"failed {payment.pk}", 30_00, state=state))


def _refund_requested(customer: Customer) -> None:
    payment = _bought(customer)
    say(refund_fact(payment, f"pending {payment.pk}", 12_00, state="pending"))


def _disputed(customer: Customer, end: str) -> None:
    """Of more than is left, after a part was used and a part refunded."""
    payment = _bought(customer)
    Book(customer.pk).debit(300 * CREDIT)
    say(refund_fact(payment, f"part {payment.pk}", 20_00))
    fact = dispute_fact(payment, "open", fee=15_00)
    say(fact)
    if end != "open":
        say(fact._replace(state=end, fee_returned=5_00 if end == "won" else 0))


# The database itself would refuse some of this.
CONSTRAINTS = {
    "billing_payment": ["payment_returns_no_more_than_came"],
    "billing_refund": ["refund_amount_is_net_and_tax"],
    "billing_dispute": ["dispute_excess_is_of_its_amount"],
}


@contextmanager
def damaged(customer: Customer, sql: str) -> Iterator[dict[str, Finding]]:
    """The checks that fail when the owner has done this, which is then undone."""
    with transaction.atomic(using="owner"):
        owner = connections["owner"]
        with owner.cursor() as cursor:
            for table, names in CONSTRAINTS.items():
                for name in names:
                    cursor.execute(f"alter table {table} drop constraint {name}")
            cursor.execute(sql, {"customer": customer.pk, "other": uuid7()})
            assert cursor.rowcount > 0, "nothing was damaged"
            cursor.execute("set constraints all immediate")
        found = [one for one in checks.run(owner, [customer.pk]) if one.broken]
        # What is found can be told.
        assert json.dumps([outside(row) for one in found for row in one.rows], default=str)
        yield {finding.check.name: finding for finding in found}
        transaction.set_rollback(True, using="owner")


def of_payment(table: str, change: str, condition: str = "true") -> str:
    column = "purchase_id" if table == "payment" else "payment_id"
    return f"update billing_{table} set {change} where {column} in {PURCHASES} and {condition}"


def entered(change: str, condition: str) -> str:
    return f"update ledger_transfer set {change} where {OWN} and unit <> 'CR' and {condition}"


DAMAGE = {
    "purchase-paid": f"update billing_purchase set state = 'expired' where {OWN}",
    "payment-lots": of_payment("payment", "lots = lots[:1]"),
    "payment-issued": entered("amount = amount + 1", "kind = 'grant' and credit = '2100'"),
    "payment-price": f"update ledger_lot set tax = tax + 1 where {OWN} and kind = 'paid'",
    "payment-returned": of_payment("payment", "refunded = refunded + 1", "refunded > 0"),
    "payment-taken": f"""
        update ledger_transfer set amount = amount + 1 where {OWN} and credit = 'U32'
    """,
    "cash": entered("credit = '1200'", "kind = 'payment fee'"),
    "in-dispute": entered("amount = amount + 1", "kind = 'dispute opened' and debit = '1200'"),
    "tax-payable": entered("credit = '2100'", "kind = 'grant' and credit = '2200'"),
    "refunds-payable": of_payment("refund", "state = 'succeeded'", "state = 'requested'"),
    "concessions": entered("debit = '4310'", "kind = 'refund' and debit = '4300'"),
    "kept-fees": of_payment("refund", "fee_kept = 1", "amount > 1"),
    "payment-fees": entered("debit = '6200'", "debit = '6100'"),
    "dispute-fees": of_payment("dispute", "fee_returned = fee", "state = 'open'"),
    "deferred-and-lost": entered("debit = '4100'", "kind = 'dispute' and debit = '2100'"),
    "refund-parts": of_payment("refund", "lot_net[1] = lot_net[1] + 1", "lots <> '{}'"),
    "dispute-parts": of_payment("dispute", "clawed_credits = credits + 1", "state = 'lost'"),
    "dispute-frozen": of_payment(
        "dispute",
        "lot_credits = array_fill(0::bigint, array[cardinality(lot_credits)])",
        "state = 'open'",
    ),
    "papers": f"delete from billing_document where {OWN}",
}


def test_there_is_damage_for_every_check_of_a_customer():
    own = billing_checks.CHECKS.checks
    elsewhere = {"partner-shares"}  # tests/billing/partners/test_damage.py
    assert set(DAMAGE) | elsewhere == {check.name for check in own if not check.of_company}


def test_every_check_has_a_name_of_its_own():
    names = [check.name for check in (*checks.CHECKS.checks, *billing_checks.CHECKS.checks)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", DAMAGE)
def test_the_check_finds_and_names_the_purchase(name, customer):
    with damaged(customer, DAMAGE[name]) as found:
        assert name in found
        row = found[name].first
        assert row["customer_id"] == customer.pk
        assert row["purchase"].startswith("pur_")


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        # What should be there and is not.
        (
            "purchase-paid",
            f"update billing_purchase set total = total + 1, net = net + 1 where {OWN}",
        ),
        ("cash", f"delete from ledger_transfer where {OWN} and kind = 'payment fee'"),
        ("cash", of_payment("payment", "amount = amount + 1")),
        ("cash", entered("unit = 'EUR'", "kind = 'payment fee'")),
        ("cash", of_payment("dispute", "state = 'won'", "state = 'lost'")),
        ("payment-issued", f"delete from ledger_transfer where {OWN} and kind = 'grant'"),
        (
            "payment-price",
            f"update ledger_lot set price = price + 1 where {OWN} and kind = 'bonus'",
        ),
        ("payment-lots", f"delete from ledger_lot where {OWN} and kind = 'bonus'"),
        ("payment-returned", of_payment("payment", "refunded = amount + 1")),
        ("in-dispute", of_payment("dispute", "amount = amount + 1", "state = 'open'")),
        (
            "deferred-and-lost",
            entered("debit = '4100'", "kind = 'dispute lost' and debit = '4310'"),
        ),
        ("refund-parts", of_payment("refund", "tax = tax + 1")),
        ("dispute-parts", of_payment("dispute", "excess = amount + 1")),
        ("dispute-frozen", of_payment("dispute", "state = 'open'", "state = 'won'")),
        ("papers", f"delete from billing_document where {OWN} and dispute_id is not null"),
    ],
)
def test_and_other_damage_too(name, sql, customer):
    with damaged(customer, sql) as found:
        assert name in found


def test_an_entry_for_a_purchase_that_nobody_paid_is_found(customer):
    sql = entered("document = 'pur_' || left(md5('x'), 32)", "kind = 'payment fee'")
    with damaged(customer, sql) as found:
        assert found["cash"].broken == PAYMENTS + 1


def test_credits_that_were_issued_twice_are_found(customer):
    sql = f"""
        insert into ledger_lot (customer_id, id, seq, kind, priority, units, remaining, currency,
            price, document, issued_at)
        select customer_id, %(other)s, lots + 1, 'paid', 100, 1, 1, 'USD', 1,
            (select document from ledger_lot where {OWN} and document is not null limit 1), now()
        from ledger_wallet where {OWN}
    """
    with damaged(customer, sql) as found:
        assert "payment-lots" in found


def test_a_number_that_is_missing_is_found_over_the_company(customer):
    owner = connections["owner"]
    with transaction.atomic(using="owner"):
        with owner.cursor() as cursor:
            cursor.execute(
                "delete from billing_document where kind = 'receipt' and customer_id = %s",
                [customer.pk],
            )
        found = {one.check.name: one for one in checks.run(owner) if one.broken}
        transaction.set_rollback(True, using="owner")
    assert found["paper-numbers"].first["kind"] == "receipt"


def test_nothing_is_found_in_a_clean_history(customer):
    assert [one for one in checks.run(connection, [customer.pk]) if one.broken] == []


def test_another_customers_damage_is_not_this_ones(customer, db):
    other = bought(taxed("20"), new_pack())
    Payment.objects.filter(pk=other.pk).update(refunded=1)
    found = [one for one in checks.run(connection, [customer.pk]) if one.broken]
    assert found == []
    assert [one for one in checks.run(connection, [other.purchase.customer_id]) if one.broken]


@pytest.mark.parametrize("lost", ["contra-revenue", "receivable"])
def test_a_lost_dispute_ties_wherever_it_is_entered(db, settings: LazySettings, lost: str):
    settings.LOST_DISPUTES = lost
    payment = _bought(taxed("20"))
    Book(payment.purchase.customer_id).debit(300 * CREDIT)
    say(refund_fact(payment, "part", 20_00))
    say(dispute_fact(payment, "open"))
    say(dispute_fact(payment, "lost", fee=15_00))
    found = checks.run(connection, [payment.purchase.customer_id])
    assert [one for one in found if one.broken] == []


def test_the_test_provider_s_own_tie_too(db):
    purchase = sold_by_the_test_provider(taxed("20"))
    refunds.request(purchase, 10 * CREDIT, by=None, reason="")
    acts.dispute(purchase.provider_ref or "")
    for body in untold():
        report(body)
    found = checks.run(connection, [purchase.customer_id])
    assert [one for one in found if one.broken] == []
