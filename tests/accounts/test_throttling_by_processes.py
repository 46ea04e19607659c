"""Wrong passwords are counted by all web processes together."""

import subprocess
import sys

from django.db import connection
from django.test import Client
from psycopg.conninfo import make_conninfo

from config.state import BASE_DIR
from tests.accounts.people import PASSWORD, person, sign_in

TOO_MANY = "Too many failed login attempts"

_OTHER_PROCESS = """
import sys, django
django.setup()
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
answer = Client().post("/accounts/login/", {"login": sys.argv[1], "password": sys.argv[2]})
sys.exit(0 if answer.status_code == 302 else str(answer.context["form"].errors))
"""


def in_another_process(email, password):
    """What a web process of its own says, or nothing where it opens."""
    info = connection.connection.info
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": make_conninfo(info.dsn, password=info.password or None),
        "SECRET_KEY": "x",
        "KEY_PEPPER": "x",
        "LOG_LEVEL": "ERROR",
    }
    process = subprocess.run(
        [sys.executable, "-c", _OTHER_PROCESS, email, password],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )
    return process.stderr


def test_the_count_is_one_for_all_processes(committed):
    ann = person()
    assert in_another_process(ann.email, PASSWORD) == ""
    for _ in range(3):
        sign_in(ann.email, "wrong", client=Client())
    for _ in range(2):
        assert "not correct" in in_another_process(ann.email, "wrong")
    assert TOO_MANY in in_another_process(ann.email, PASSWORD)
    assert TOO_MANY in str(sign_in(ann.email, client=Client()).context["form"].errors)
