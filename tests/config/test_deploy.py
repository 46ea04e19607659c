"""What Django says about an installation as it is run in production."""

import os
import subprocess
import sys

import pytest

from config.state import BASE_DIR

# Nothing is asked of the database.
PRODUCTION = {
    "PATH": os.environ["PATH"],
    "DATABASE_URL": "postgresql://drawdown@db.internal/drawdown",
    "SECRET_KEY": "q7Zr2mXv9Lk4Tn8Bw3Hd6Ys1Pf5Gc0JxQaEuRoVi-tNe_ShWbMcKy",
    "KEY_PEPPER": "b4Wd8Kz1Mt6Xq3Rn9Vf2Lh7Cj5Gy0Sp",
    "ALLOWED_HOSTS": "credits.example.com",
    "HTTPS": "true",
    "EMAIL_URL": "smtp+tls://drawdown:secret@mail.example.com:587",
    "MAIL_FROM": "Credits <credits@example.com>",
    "TRUSTED_PROXIES": "1",
}


def run(*words: str, **other: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=BASE_DIR,
        env={name: value for name, value in (PRODUCTION | other).items() if value},
        capture_output=True,
        text=True,
    )


def check(**other: str) -> subprocess.CompletedProcess[str]:
    return run("check", "--deploy", "--fail-level", "WARNING", **other)


def test_it_has_nothing_to_say():
    told = check()
    assert told.returncode == 0, told.stderr
    assert "no issues" in told.stdout


@pytest.mark.parametrize(
    ("name", "value", "warning"),
    [
        ("HTTPS", "", "security.W008"),
        ("SECRET_KEY", "short", "security.W009"),
        ("DEBUG", "true", "security.W018"),
        ("HSTS_SECONDS", "0", "security.W004"),
        ("HSTS_SUBDOMAINS", "false", "security.W005"),
    ],
)
def test_it_warns_of(name, value, warning):
    told = check(**{name: value})
    assert told.returncode == 1
    assert warning in told.stderr


_ANSWERS = """
import django
django.setup()
from django.test import Client
for path in ("/terms/", "/healthz"):
    answer = Client().get(path, headers={"Host": "credits.example.com"})
    print(answer.status_code, answer.get("Location", ""))
headers = {"Host": "credits.example.com", "X-Forwarded-Proto": "https"}
answer = Client().get("/accounts/login/", headers=headers)
print(answer["Strict-Transport-Security"])
print(answer.cookies["csrftoken"].OutputString())
"""


def test_behind_its_proxy_it_speaks_https_only():
    told = run("shell", "--no-imports", "-c", _ANSWERS, HSTS_SECONDS="3600")
    insecure, health, transport, cookie = told.stdout.splitlines()
    assert insecure == "301 https://credits.example.com/terms/"
    assert health == "200 "
    assert transport == "max-age=3600; includeSubDomains"
    for part in ("HttpOnly", "Secure", "SameSite=Lax"):
        assert part in cookie


def test_without_a_proxy_that_says_so_nothing_is_redirected(client, db):
    answer = client.get("/accounts/login/", headers={"X-Forwarded-Proto": "http"})
    assert answer.status_code == 200
    assert "Strict-Transport-Security" not in answer


def test_a_secret_is_asked_for_where_the_database_is_not_ours():
    told = run("check", SECRET_KEY="")
    assert told.returncode != 0
    assert "SECRET_KEY" in told.stderr
