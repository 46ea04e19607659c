"""History by the million, written beside the core: to be looked through, it ties to nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.system.installation import Installation

CUSTOMERS: Final = 500
DAYS: Final = 90

_STAFF: Final = """
import time
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from accounts.models import Customer, User
from accounts.services import NewApiKey
from tests.factories.accounts import ApiKeyFactory
user, _ = User.objects.get_or_create(email="filler@example.com", is_staff=True, is_superuser=True)
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session["account_authentication_methods"] = [
    dict(method=method, at=time.time(), email=user.email) for method in ("password", "mfa")]
session.save()
made = Customer.objects.bulk_create(Customer(name=f"Filled {{n}}") for n in range({customers}))
made.sort(key=lambda customer: customer.id)
print(session.session_key, made[0].id.hex, ApiKeyFactory(customer=made[0]).key.id.hex)
"""
_HERE: Final = Path(__file__).parent
_TABLES: Final = (
    *("ledger_transfer", "ledger_call", "ledger_event", "ledger_lot", "ledger_usage_until"),
    "ledger_wallet",
)
_EMPTY: Final = """
delete from {table} t using filling.customer c where t.customer_id = c.id
"""
# Written in one statement.
_AT_ONCE: Final = 250_000


class Filled(NamedTuple):
    """`customer`: who has a fifth of it; `key`: a key of theirs; `session`: of a superuser."""

    customer: str
    key: str
    session: str
    transfers: int


@contextmanager
def filled(installation: Installation, transfers: int) -> Iterator[Filled]:
    """Two transfers a call, an event for every tenth and a lot for every twentieth."""
    script = _STAFF.format(customers=CUSTOMERS)
    session, customer, key = installation.manage(
        "shell", "--verbosity=0", "--command", script
    ).split()
    (row,) = installation.rows("select ledger_now() - interval '1 minute' as now")
    told = {"now": row["now"].isoformat(), "calls": transfers // 2, "days": DAYS}
    told |= {"customers": CUSTOMERS, "key": key}
    installation.alter(_sql("base", **told))
    try:
        for first in range(1, transfers // 2 + 1, _AT_ONCE):
            last = min(first + _AT_ONCE - 1, transfers // 2)
            installation.alter(_sql("rows", first=first, last=last, **told))
        for table in _TABLES:
            installation.alter(f"analyze {table}")
        yield Filled(customer, key, session, transfers)
    finally:
        for table in _TABLES:
            installation.alter(_EMPTY.format(table=table))
        installation.alter("drop schema filling cascade")
        installation.alter(f"delete from accounts_apikey where id = '{key}'")
        installation.alter("delete from accounts_customer where name like 'Filled %'")


def _sql(name: str, **told: object) -> str:
    return (_HERE / f"filling_{name}.sql").read_text().format(**told)
