"""One small function for each event. Each calls what production calls, and raises what that
raises."""

from collections.abc import Callable

from billing.books.scenarios.events import closing, disputes, lots, refunds, sales, usage
from billing.books.scenarios.file import Event
from billing.books.scenarios.world import World

EVENTS: dict[str, Callable[[World, Event], None]] = {
    "purchase": sales.purchase,
    "grant": sales.grant,
    "reserve": usage.reserve,
    "commit": usage.commit,
    "release": usage.release,
    "reverse": usage.reverse,
    "refund": refunds.refund,
    "dispute": disputes.dispute,
    "adjust": lots.adjust,
    "extend": lots.extend,
    "reinstate": lots.reinstate,
    "move": lots.move,
    "escheat": lots.escheat,
    "estimate": closing.estimate,
    "close": closing.close,
    "rate": closing.rate,
}
