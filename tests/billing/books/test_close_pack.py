import hashlib
import json
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command

from billing.books import close_pack
from billing.models import Period
from tests.billing.books.reports.example import OCTOBER, month
from tests.factories.dated import sold
from tests.factories.ledger import Book


@pytest.fixture
def closed(calendar):
    month(calendar)
    Period.objects.create(month=OCTOBER, state="closed", closed_at=calendar.at(date(2003, 11, 3)))
    return calendar


def packed():
    return b"".join(close_pack.stream(OCTOBER))


def test_everything_of_the_month_is_in_it(closed):
    archive = ZipFile(BytesIO(packed()))
    names = set(archive.namelist())
    assert {
        "README.txt",
        "MANIFEST.sha256",
        "policy.json",
        "estimates.json",
        "close.json",
        "tie-outs.json",
        "reports/roll-forward-USD.csv",
        "reports/roll-forward.pdf",
        "reports/trial-balance-USD.csv",
        "exports/quickbooks-2003-10-USD.csv",
        "exports/xero-2003-10-USD.csv",
        "exports/netsuite-2003-10-USD.csv",
    } <= names
    assert "978.50" in archive.read("reports/roll-forward-USD.csv").decode()
    readme = archive.read("README.txt").decode()
    assert all(name in readme for name in names - {"README.txt", "MANIFEST.sha256"})
    assert json.loads(archive.read("close.json"))["state"] == "closed"


def test_the_manifest_has_the_sum_of_every_file(closed):
    archive = ZipFile(BytesIO(packed()))
    listed = archive.read("MANIFEST.sha256").decode().splitlines()
    sums = dict(reversed(line.split("  ")) for line in listed)
    assert set(sums) == set(archive.namelist()) - {"MANIFEST.sha256"}
    for name, said in sums.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == said


def test_of_a_closed_month_it_is_the_same_bytes(closed):
    first = packed()
    closed.go(date(2004, 1, 5))
    sold(Book.new(), 1_00)
    assert packed() == first


def test_an_export_that_is_refused_says_why(closed):
    closed.go(date(2003, 10, 28))
    sold(Book.new(), 1_234, currency="KWD")
    archive = ZipFile(BytesIO(packed()))
    said = archive.read("exports/netsuite-2003-10-KWD.refused.txt").decode()
    assert said.startswith("amount-too-precise: 1.234 KWD")
    assert "exports/xero-2003-10-KWD.csv" in archive.namelist()


def test_the_command_writes_a_file(closed, tmp_path):
    file = tmp_path / "pack.zip"
    call_command("close_pack", "2003-10", "--output", str(file))
    assert file.read_bytes() == packed()


def test_alone_it_reads_one_snapshot(committed, tmp_path):
    file = tmp_path / "pack.zip"
    call_command("close_pack", "1999-01", "--output", str(file))
    assert ZipFile(file).testzip() is None


def test_a_month_is_written_as_such(committed):
    with pytest.raises(CommandError, match="2026-10"):
        call_command("close_pack", "October")
