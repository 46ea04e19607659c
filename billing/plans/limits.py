"""Limits as a plan has them: a list of objects, which become the ledger's when it is applied."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from billing.plans.errors import PlanRefused
from ledger import amounts, limits
from ledger.errors import MalformedAmount
from ledger.limits import Limit
from ledger.models import Endpoint

SCOPES: Final = ("customer", "key", "endpoint")
KINDS: Final = ("rate", "holds", "largest", "spend")
PERIODS: Final = ("day", "month", "lifetime")
PER: Final = {"second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000}
MEMBERS: Final = ("scope", "endpoint", "kind", "period", "hard", "soft", "calls", "per", "burst")


def read(given: object) -> list[Limit]:
    """Raises PlanRefused, which says what is wrong of which."""
    if not isinstance(given, list):
        _refuse("Limits are a list of objects.")
    return [_limit(number, one) for number, one in enumerate(given, 1)]


def _limit(number: int, given: object) -> Limit:
    if not isinstance(given, dict):
        _refuse(f"Limit {number} is no object.")
    if unknown := sorted(given.keys() - set(MEMBERS)):
        _refuse(f"Limit {number} has {unknown[0]}, which is no part of a limit.")
    scope = _one_of(number, given, "scope", SCOPES)
    kind = _one_of(number, given, "kind", KINDS)
    subject = _endpoint(number, given) if scope == "endpoint" else None
    if kind == "rate":
        return _rate(number, given, scope, subject)
    if kind == "holds":
        return Limit(scope, kind, subject, hard=_count(number, given, "hard"))
    if kind == "largest":
        return Limit(scope, kind, subject, hard=_credits(number, given, "hard"))
    period = _one_of(number, given, "period", PERIODS)
    hard = _credits(number, given, "hard") if given.get("hard") is not None else None
    soft = _credits(number, given, "soft") if given.get("soft") is not None else None
    if hard is None and soft is None:
        _refuse(f"Limit {number} needs hard, soft, or both.")
    if hard is not None and soft is not None and soft > hard:
        _refuse(f"Limit {number} warns (soft) above where it refuses (hard).")
    return Limit(scope, kind, subject, period, hard, soft)


def _rate(number: int, given: Mapping[str, Any], scope: Any, subject: int | None) -> Limit:
    """So many calls per second, minute or hour."""
    calls, per = _count(number, given, "calls"), _one_of(number, given, "per", tuple(PER))
    every = PER[per] // calls
    if not every:
        _refuse(f"Limit {number} allows more calls than can be counted: leave it out.")
    burst = _count(number, given, "burst") if given.get("burst") is not None else calls
    return Limit(scope, "rate", subject, every=every, burst=burst)


def _endpoint(number: int, given: Mapping[str, Any]) -> int:
    code = given.get("endpoint")
    found = Endpoint.objects.filter(code=code).first() if isinstance(code, str) else None
    if found is None:
        _refuse(f"Limit {number} needs the code of an endpoint.")
    return found.pk


def _one_of(number: int, given: Mapping[str, Any], name: str, known: Sequence[str]) -> Any:
    value = given.get(name)
    if value not in known:
        _refuse(f"Limit {number} needs {name}: {', '.join(known)}.")
    return value


def _count(number: int, given: Mapping[str, Any], name: str) -> int:
    value = given.get(name)
    if type(value) is not int or not 0 < value <= 1_000_000:
        _refuse(f"Limit {number} needs {name}: a whole number above zero, of a million at most.")
    return value


def _credits(number: int, given: Mapping[str, Any], name: str) -> int:
    try:
        amount = amounts.parse(given.get(name))
    except MalformedAmount as error:
        if str(given.get(name)).startswith("-"):
            _refuse(f"Limit {number} needs {name} above zero.")
        raise PlanRefused("limits", f"Limit {number}, {name}: {error.detail}") from None
    if not amount:
        _refuse(f"Limit {number} needs {name} above zero.")
    return amount


def _refuse(detail: str) -> NoReturn:
    raise PlanRefused("limits", detail)


def apply(customer_id: Any, given: object) -> None:
    """In place of those of a plan before. Raises Refused with cap-below-spent."""
    limits.set_limits(customer_id, "plan", read(given))
