"""A mail may wait for hours, and what it tells may be over by then: it is looked at again first."""

from collections.abc import Callable
from typing import Final

from billing.models import Mail

Check = Callable[[Mail], bool]

_CHECKS: Final[dict[str, Check]] = {}


def outdates(kind: str) -> Callable[[Check], Check]:
    """For whoever writes mails of this kind: says whether one of them must not be sent any more."""

    def register(check: Check) -> Check:
        _CHECKS[kind] = check
        return check

    return register


def is_outdated(mail: Mail) -> bool:
    check = _CHECKS.get(mail.kind)
    return check is not None and check(mail)
