"""All that is known of a customer is handed out, without secrets and as it is read."""

import csv
import io
import tracemalloc
import zipfile
from datetime import UTC, datetime

import pytest
from django.db import connection

from billing.care.exporting import packing, reading
from billing.care.exporting.files import FILES, HIDDEN
from ledger import services
from ledger.amounts import CREDIT
from ledger.operations import Operation
from tests.billing.care.world import EMAIL, MARK, World
from tests.factories.accounts import CustomerFactory

AT = datetime(2026, 11, 22, tzinfo=UTC)
# What has a customer and is in no file, and why.
LEFT_OUT = {
    "accounts_idempotentreply": "answers of calls, kept for a month; what they tell is in the rest",
    "billing_backtestline": "what-if sums of the provider",
    "billing_partnershare": "what the provider owes to others",
    "billing_partnerwatermark": "how far the program is",
    "billing_erasure": "of whom there is nothing to export",
    "ledger_balance_mark": "sums of transfers",
    "ledger_key": "the core's own keys of calls",
    "ledger_outbox": "how far the program is",
    "ledger_recognised": "how far the program is",
    "ledger_relay": "how far the program is",
    "ledger_seal": "digests of transfers",
    "ledger_erased": "digests of transfers",
    "ledger_detached_sum": "sums of calls",
    "ledger_detached_hold": "the core's own reckoning of balances of then",
    "ledger_summed": "how far the program is",
    "ledger_subject": "the core's own reckoning of limits",
    "ledger_tally": "sums of calls",
    "ledger_threshold": "the core's copy of the alerts' thresholds",
    "ledger_usage_day": "sums of calls",
    "ledger_usage_until": "how far the program is",
    "ledger_lot": "the view that lots are read by is in a file",
}


@pytest.fixture
def world(db):
    return World()


def files(customer):
    whole = b"".join(reading.archive(customer, seller="Atlas"))
    archive = zipfile.ZipFile(io.BytesIO(whole))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def rows(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_it_has_everything(world):
    found = files(world.customer)
    assert found.keys() >= {"README.txt", *(f"{name}.csv" for name in FILES)}
    assert rows(found["company.csv"])[0]["email"] == EMAIL
    assert {row["name"] for row in rows(found["people.csv"])} == {f"Jane {MARK}", "Joe"}
    for name in ("keys", "purchases", "refunds", "mails", "webhooks", "transfers", "audit"):
        assert rows(found[f"{name}.csv"]), name
    (call,) = rows(found["calls.csv"])
    assert call["metadata"] == f'{{"user": "{MARK}"}}' and call["committed"] == str(4 * CREDIT)
    assert found["documents/R-000001.pdf"].startswith(b"%PDF")


def test_it_has_no_secret_and_nothing_of_others(world):
    found = files(world.customer)
    headers = {
        column
        for name, text in found.items()
        if name.endswith(".csv")
        for column in text.decode().partition("\n")[0].strip().split(",")
    }
    assert headers & HIDDEN == set()
    whole = b"".join(found.values()).decode(errors="replace")
    assert str(world.other.id) not in whole and "boss@provider.example" not in whole


def test_no_cell_is_a_formula(db):
    acme = CustomerFactory(name="=1+1", metadata={"a": "b"})
    assert rows(files(acme)["company.csv"])[0]["name"] == "'=1+1"


def test_every_table_with_a_customer_is_in_a_file_or_it_is_said_why_not(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid"
            " join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = current_schema() and c.relkind in ('r', 'p')"
            " and not c.relispartition and a.attname = 'customer_id' and not a.attisdropped"
        )
        tables = {table for (table,) in cursor.fetchall()}
    exported = {table for table, _, _ in FILES.values()}
    assert tables - exported - LEFT_OUT.keys() == set()


def test_a_long_history_is_read_as_it_is_taken(db):
    """Packed a part at a time: however long, as much memory."""
    acme = CustomerFactory()
    services.grant(acme.id, amount=10**6 * CREDIT, kind="promo")
    debit = Operation(op="debit", customer_id=acme.id, amount=CREDIT)
    for _ in range(4):
        services.apply([debit] * 500)
    assert len(rows(files(acme)["calls.csv"])) == 2000


def test_an_archive_needs_the_memory_of_a_part():
    part = bytes(range(256)) * 256
    entries = [packing.Entry("large", (part for _ in range(2000)))]
    tracemalloc.start()
    size = sum(len(one) for one in packing.packed(entries, AT))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 100_000 and peak < 4_000_000
