"""A database of its own on the same server, with the same customers and the same key."""

import os
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from benchmarks import databases
from config.embedded import cluster
from config.embedded.place import Place
from config.state import BASE_DIR

NAME = "by_hand"
SETTINGS = "benchmarks.by_hand.settings"


def make(place: Place, customers: Sequence[UUID], service_key: str) -> None:
    databases.create(place, NAME)
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity=0"],
        cwd=BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": SETTINGS},
        check=True,
    )
    digest = sha256(service_key.encode()).hexdigest()
    with cluster.connect(place, cluster.OWNER, NAME) as connection:
        connection.execute(
            "INSERT INTO by_hand_service (name, key_digest) VALUES ('bench', %s)", [digest]
        )
        connection.execute(
            "INSERT INTO by_hand_wallet (customer, balance, held)"
            " SELECT id, 1000000000, 0 FROM unnest(%s::uuid[]) id",
            [customers],
        )
        connection.execute("VACUUM ANALYZE")
