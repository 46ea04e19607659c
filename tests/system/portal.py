"""The portal as a member's browser asks for it, without the browser."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.system.installation import Installation


@contextmanager
def signed_in(installation: Installation) -> Iterator[tuple[httpx.Client, str]]:
    """As the demo's first owner; with the customer's id."""
    demo = installation.service.demo()
    owner = demo["customers"][0]
    options = {"follow_redirects": True, "trust_env": False, "timeout": 120}
    with httpx.Client(base_url=demo["base_url"], **options) as client:
        client.get("/accounts/login/")
        told = {
            "login": owner["email"],
            "password": owner["password"],
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        }
        client.post("/accounts/login/", data=told)
        page = client.get("/portal/")
        assert page.url.path == "/portal/", page.url
        rows = installation.rows(
            "select m.customer_id from accounts_member m join accounts_user u on u.id = m.user_id"
            " where u.email = %s",
            [owner["email"]],
        )
        yield client, str(rows[0]["customer_id"])
