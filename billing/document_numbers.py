"""The numbers that stand on receipts, credit notes and invoices, as people read them out."""

import re
from typing import NamedTuple

from billing.models import DocumentKind

_NUMBER = re.compile(r"([RCI])-?0*([0-9]{1,18})", re.IGNORECASE)
_KINDS = {"R": DocumentKind.RECEIPT, "C": DocumentKind.CREDIT_NOTE, "I": DocumentKind.INVOICE}


class Number(NamedTuple):
    kind: str
    number: int


def read(term: str) -> Number | None:
    found = _NUMBER.fullmatch(term)
    return Number(_KINDS[found[1].upper()].value, int(found[2])) if found else None
