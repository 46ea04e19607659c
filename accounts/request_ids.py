"""The name of one request, in its answer, in the log and on the rows that it wrote."""

import re
from os import urandom

# Anything else could break a log line or a header.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,127}")


def request_id(sent: str | None) -> str:
    """The caller's own where it is sane, else a new one."""
    return sent if sent and _SANE.fullmatch(sent) else f"req_{urandom(16).hex()}"
