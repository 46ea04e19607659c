"""Receipts, credit notes and invoices, by the number that stands on them."""

from billing import document_numbers
from billing.finding.hit import Hit, of_row
from billing.models import Document


def look(term: str) -> list[Hit]:
    number = document_numbers.read(term)
    if number is None:
        return []
    found = Document.objects.filter(**number._asdict()).select_related("customer")
    return [of_row(one, f"its number, a {one.kind}", one.customer) for one in found]
