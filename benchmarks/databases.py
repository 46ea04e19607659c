"""What the server is given beside the ledger: pgbench's own tables, and those of its scripts."""

import subprocess
from collections.abc import Sequence
from uuid import UUID

from config.embedded import cluster
from config.embedded.binaries import binaries
from config.embedded.place import Place

CALIBRATION = "tpcb"


def make_calibration(place: Place, scale: int) -> None:
    create(place, CALIBRATION)
    subprocess.run(
        [
            str(binaries(place.user) / "pgbench"),
            *("--initialize", "--quiet", f"--scale={scale}"),
            *("--host", str(place.sockets), "--username", cluster.OWNER, CALIBRATION),
        ],
        check=True,
        capture_output=True,
    )


def make_script_tables(place: Place, customers: Sequence[UUID]) -> None:
    with cluster.connect(place, cluster.OWNER, cluster.DATABASE) as connection:
        connection.execute("CREATE TABLE bench_insert (id uuid PRIMARY KEY, amount bigint)")
        connection.execute("CREATE TABLE bench_customer (n integer PRIMARY KEY, id uuid)")
        connection.execute(
            "INSERT INTO bench_customer (n, id)"
            " SELECT n, id FROM unnest(%s::uuid[]) WITH ORDINALITY x (id, n)",
            [customers],
        )
        connection.execute("VACUUM ANALYZE")


def create(place: Place, database: str) -> None:
    with cluster.connect(place, cluster.OWNER, "postgres") as connection:
        connection.execute(f'CREATE DATABASE "{database}"')


def wal(place: Place) -> int:
    """Bytes that the server has written to its log since it was made."""
    with cluster.connect(place, cluster.OWNER, "postgres") as connection:
        row = connection.execute("SELECT pg_current_wal_lsn() - '0/0'").fetchone()
    assert row is not None
    return int(str(row[0]))


def version(place: Place) -> str:
    with cluster.connect(place, cluster.OWNER, "postgres") as connection:
        (text,) = connection.execute("SHOW server_version").fetchone() or ("",)
    return str(text)
