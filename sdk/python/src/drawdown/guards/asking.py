"""What a guard asks for, and what it answers with when Drawdown says no. Shared by all of them."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Any, Final, TypeVar

from drawdown.errors import AccessDenied, DrawdownError, PaymentRequired, Problem, TooManyRequests
from drawdown.problems import Forbidden
from drawdown.terms import ReserveTerms

PROBLEM_TYPE: Final = "application/problem+json"
# What is for the customer to solve is passed on; the rest is the provider's own trouble, as it is
# where the service key lacks a scope (Forbidden).
FOR_THE_CUSTOMER: Final = (PaymentRequired, AccessDenied, TooManyRequests)
PASSED_ON: Final = ("retry-after", "ratelimit", "ratelimit-policy")
logger = logging.getLogger("drawdown")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who pays for a request, and for what."""

    endpoint: str | None = None
    api_key: str | None = None
    customer: str | None = None
    terms: ReserveTerms = field(default_factory=ReserveTerms)

    def names_somebody(self) -> bool:
        return self.api_key is not None or self.customer is not None

    def reserving(self) -> dict[str, Any]:
        return {
            "customer": self.customer,
            "endpoint": self.endpoint,
            "api_key": self.api_key,
            **self.terms,
        }


Headers = Mapping[str, str]
R = TypeVar("R")
Ask = Callable[[R], Asked | None]


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    headers: dict[str, str]
    body: bytes


def presented_key(authorization: str | None, api_key: str | None) -> str | None:
    """The key of a request: a bearer token, or what X-Api-Key has."""
    kind, _, token = (authorization or "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else api_key


def refusal(error: DrawdownError) -> Refusal:
    """As the customer is answered (RFC 9457)."""
    if isinstance(error, FOR_THE_CUSTOMER) and not isinstance(error, Forbidden):
        return _passed_on(error)
    logger.error("A call could not be charged, and was not run: %s", error)
    away = {
        "type": "about:blank",
        "title": "Service unavailable",
        "status": HTTPStatus.SERVICE_UNAVAILABLE,
        "detail": "This call could not be charged, so it was not run. Try again soon.",
    }
    return _answer(away, {"Retry-After": "1"})


def missing_key() -> Refusal:
    told = {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": HTTPStatus.UNAUTHORIZED,
        "detail": "Send your API key: Authorization: Bearer KEY.",
    }
    return _answer(told, {"WWW-Authenticate": "Bearer"})


def _passed_on(problem: Problem) -> Refusal:
    headers = {name.title(): problem.headers[name] for name in PASSED_ON if name in problem.headers}
    if problem.retry_after is not None:
        headers.setdefault("Retry-After", str(ceil(problem.retry_after)))
    return _answer(problem.body | {"status": problem.status}, headers)


def _answer(body: Mapping[str, Any], headers: dict[str, str]) -> Refusal:
    content = json.dumps(body).encode()
    told = {"Content-Type": PROBLEM_TYPE, "Content-Length": str(len(content))}
    return Refusal(int(body["status"]), told | headers, content)
