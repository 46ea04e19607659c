"""What staff write down about customers: added, pinned and unpinned, and never changed."""

from uuid import UUID

from accounts.models import Customer, User
from billing.models import Note


def add(id: UUID, *, customer: Customer, text: str, by: User, pinned: bool = False) -> Note:
    """`id` is of the form: sent twice, it is one note."""
    told = {"customer": customer, "text": text, "written_by": by, "pinned": pinned}
    return Note.objects.get_or_create(id=id, defaults=told)[0]


def pin(note: Note, *, pinned: bool) -> None:
    Note.objects.filter(id=note.id).update(pinned=pinned)


def of(customer: Customer, rows: int) -> list[Note]:
    """Pinned ones in front, the last written first."""
    found = Note.objects.filter(customer=customer).select_related("written_by")
    return list(found.order_by("-pinned", "-at", "-id")[:rows])
