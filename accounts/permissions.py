"""What each role may do in the portal: the one table."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from accounts.models import Role


class Right(StrEnum):
    SEE = "see"  # balance and usage
    BUY = "buy"  # packs, purchases, receipts, refunds, who is billed
    KEYS = "keys"
    MEMBERS = "members"  # and invitations


RIGHTS: Final[Mapping[str, frozenset[Right]]] = {
    Role.OWNER: frozenset(Right),
    Role.BILLING: frozenset({Right.SEE, Right.BUY}),
    Role.DEVELOPER: frozenset({Right.SEE, Right.KEYS}),
    Role.VIEWER: frozenset({Right.SEE}),
}

# The same, as a page says it to whoever may not.
WHOSE: Final[Mapping[Right, str]] = {
    Right.SEE: "members",
    Right.BUY: "its owners and those who do the billing",
    Right.KEYS: "its owners and developers",
    Right.MEMBERS: "its owners",
}
