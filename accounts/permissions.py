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

NOT_IN_A_SANDBOX: Final = frozenset({Right.BUY, Right.MEMBERS})

# What a right is for, as the page of members says it.
WHAT: Final[Mapping[Right, str]] = {
    Right.SEE: "See balance, usage, calls, statement, lots, limits and prices",
    Right.BUY: "Buy, refund, top up, choose the plan; set caps and alerts; receipts",
    Right.KEYS: "Make, limit, rotate and revoke keys; webhooks; use the sandbox",
    Right.MEMBERS: "Invite and remove people, give roles, set the company's time zone",
}

# The same, as a page says it to whoever may not.
WHOSE: Final[Mapping[Right, str]] = {
    Right.SEE: "members",
    Right.BUY: "its owners and those who do the billing",
    Right.KEYS: "its owners and developers",
    Right.MEMBERS: "its owners",
}
