"""What staff wrote down, and where they write more."""

from typing import Final, NamedTuple

from django import forms
from django.urls import reverse

from accounts.ids import uuid7
from billing import notes
from billing.admin.customer.section import ROWS_MAX, Looked, Section, at, whole_list
from billing.models import Note
from billing.models.notes import TEXT_MAX

ADD: Final = "billing.add_note"


class NoteForm(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
    text = forms.CharField(
        max_length=TEXT_MAX,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "For staff only"}),
    )
    pinned = forms.BooleanField(required=False, label="Pin it")


class NoteRow(NamedTuple):
    note: Note
    at: str
    by: str
    pin: str  # where it is pinned, or unpinned; empty for those who may not


def section(looked: Looked) -> Section:
    may_add = looked.may(ADD)
    page = reverse("admin:accounts_customer_note", args=[looked.customer.pk])
    written = [_row(one, looked, may_add) for one in notes.of(looked.customer, ROWS_MAX)]
    return Section(
        "Notes",
        none="Nobody wrote anything down.",
        all=whole_list(looked, "billing_note"),
        template="billing/admin/customer/_notes.html",
        more={"notes": written, "form": NoteForm() if may_add else None, "page": page},
    )


def _row(note: Note, looked: Looked, may_add: bool) -> NoteRow:
    key = [looked.customer.pk, note.pk]
    pin = reverse("admin:accounts_customer_pin", args=key) if may_add else ""
    return NoteRow(note, at(note.at), note.written_by.email, pin)
