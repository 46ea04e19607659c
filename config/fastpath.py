"""The debit API's fast path, given what only this room knows."""

from typing import Any

from django.conf import settings
from django.db import connections

from config.problems import PROBLEMS, may_succeed_later, title
from config.request_log import request_log
from ledger.fastpath.app import FastPath
from ledger.fastpath.http import Application
from ledger.fastpath.problems import Kind

# What Django's own connections take beyond the parameters of the database.
_DJANGOS_OWN = ("context", "cursor_factory", "prepare_threshold")


def before(otherwise: Application) -> FastPath:
    """The fast path, which passes on to `otherwise` what is not its own."""
    return FastPath(
        otherwise,
        database=database(),
        pepper=settings.KEY_PEPPER,
        problems={
            code: Kind(problem.status, title(code), problem.meaning, may_succeed_later(code))
            for code, problem in PROBLEMS.items()
        },
        top_up_url=settings.TOP_UP_URL,
        log=request_log().write_soon,
    )


def database() -> dict[str, Any]:
    parameters = connections["default"].get_connection_params()
    return {name: value for name, value in parameters.items() if name not in _DJANGOS_OWN}
