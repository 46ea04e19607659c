"""What is done on a customer's page itself. Whatever is dangerous is asked on a page of its own."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from accounts.models import Customer
from billing import notes, statement_pdf
from billing.admin.customer.notes import ADD, NoteForm
from billing.models import Note
from billing.portal.statement import files as statement_files
from billing.portal.statement import times as statement_times
from ledger import statements


def page(customer: Customer, anchor: str = "") -> str:
    return reverse("admin:accounts_customer_change", args=[customer.pk]) + anchor


def add_note(request: HttpRequest, customer: Customer) -> HttpResponse:
    _require(request, ADD)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = NoteForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        assert request.user.is_authenticated
        told = {"text": said["text"], "pinned": said["pinned"]}
        notes.add(said["key"], customer=customer, by=request.user, **told)
        messages.success(request, "The note is kept.")
    else:
        errors = [str(error) for listed in form.errors.values() for error in listed]
        messages.error(request, f"The note was not kept: {' '.join(errors)}")
    return redirect(page(customer, "#notes"))


def pin(request: HttpRequest, customer: Customer, note_id: UUID) -> HttpResponse:
    _require(request, ADD)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    note = get_object_or_404(Note, id=note_id, customer=customer)
    notes.pin(note, pinned="pin" in request.POST)
    return redirect(page(customer, "#notes"))


def statement(request: HttpRequest, customer: Customer) -> HttpResponse:
    """As the portal has it: the last 30 days, or `from` and `to`."""
    _require(request, "ledger.view_transfer")
    asked = statement_times.asked(request.GET, statements.now(customer.id))
    if asked.error:
        messages.error(request, asked.error)
        return redirect(page(customer))
    told = statements.statement(customer.id, asked.period)
    name = f'inline; filename="{statement_files.name(told)}.pdf"'
    return HttpResponse(
        statement_pdf.render(customer, told, may_buy=customer.sandbox_of_id is None),
        content_type="application/pdf",
        headers={"Content-Disposition": name},
    )


def found(customers: Any, id: UUID) -> Customer:
    """Of those that staff see. Raises Http404."""
    customer: Customer | None = customers.filter(id=id).first()
    if customer is None:
        raise Http404
    return customer


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
