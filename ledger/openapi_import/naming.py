"""An endpoint's code, from the operation's id or its method and path. It is the same each time:
what tells two that read the same apart comes from what they are made of, not from their order."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from django.utils.text import slugify

from ledger.openapi_import.described import Described

CODE_MAX: Final = 100
_MARK: Final = 6
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def code(operation: Described, is_taken: Callable[[str], bool]) -> str:
    """getFileSummary is get-file-summary; without an id GET /v1/files/{id} is get-v1-files-id."""
    made_of = operation.operation_id or " ".join((operation.method, operation.path[1]))
    plain = _slug(made_of)
    short = plain[:CODE_MAX].strip("-")
    if short == plain and short and not is_taken(short):
        return short
    mark = sha256(made_of.encode()).hexdigest()[:_MARK]
    return "-".join(filter(None, (plain[: CODE_MAX - _MARK - 1].strip("-"), mark)))


def _slug(text: str) -> str:
    return slugify(re.sub(r"[^\w]+|_+", "-", _HUMP.sub("-", text))).strip("-")
