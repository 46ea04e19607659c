"""Why the balance is what it is: every line between two instants, or the balance at one."""

from typing import Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.csv_files import download
from accounts.permissions import RIGHTS, Right
from accounts.portal import MemberRequest, for_members
from billing import shown, statement_pdf
from billing.portal.refused import refused
from billing.portal.statement import files as statement_files
from billing.portal.statement import times as statement_times
from billing.portal.statement import words as statement_words
from billing.portal.statement.at import explained
from billing.portal.statement.times import Times
from ledger import statements
from ledger.models import Wallet
from ledger.paging import Asked, ByNumber
from ledger.statements import Statement

SHOWN: Final = 100
NO_PAGE: Final = "That page is not of this statement: this is its first."


@require_GET
@for_members(Right.SEE)
def statement(request: MemberRequest) -> HttpResponse:
    customer = request.member.customer
    now = statements.now(customer.id)
    if "at" in request.GET:
        return _at(request)
    times = statement_times.asked(request.GET, now)
    told = statements.statement(customer.id, times.period)
    before = _before(request)
    asked = Asked(SHOWN, ByNumber(before) if before else None)
    found = statements.lines(customer.id, told.opening, told.closing, asked)
    shown_lines = found[:SHOWN]
    page = {
        "times": times,
        "error": times.error or (NO_PAGE if before == 0 else ""),
        "opening": shown.credits(told.opening.balance),
        "closing": shown.credits(told.closing.balance),
        "statement": told,
        "totals": statement_words.totals(told.sums),
        "lines": statement_words.tell(customer.id, shown_lines, may_buy=_may_buy(request)),
        "older": shown_lines[-1].version if len(found) > SHOWN else None,
        "is_first": not before,
        "is_new": not Wallet.objects.filter(customer=customer, version__gt=0).exists(),
    }
    return render(request, "billing/statement.html", page)


@require_GET
@for_members(Right.SEE)
def statement_csv(request: MemberRequest) -> HttpResponseBase:
    found = _file(request)
    if not isinstance(found, Statement):
        return refused(found.error)
    rows = statement_files.rows(request.member.customer_id, found, may_buy=_may_buy(request))
    return download(f"{statement_files.name(found)}.csv", statement_files.HEADER, rows)


@require_GET
@for_members(Right.SEE)
def statement_as_pdf(request: MemberRequest) -> HttpResponse:
    found = _file(request)
    if not isinstance(found, Statement):
        return refused(found.error)
    return HttpResponse(
        statement_pdf.render(request.member.customer, found, may_buy=_may_buy(request)),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{statement_files.name(found)}.pdf"'
        },
    )


def _at(request: MemberRequest) -> HttpResponse:
    customer = request.member.customer
    now = statements.now(customer.id)
    asked = statement_times.asked_at(request.GET, now)
    page = {
        "instant": asked,
        "now": now,
        "told": explained(customer.id, asked.at, may_buy=_may_buy(request)) if asked.at else None,
    }
    return render(request, "billing/statement_at.html", page)


def _file(request: MemberRequest) -> Statement | Times:
    customer_id = request.member.customer_id
    times = statement_times.asked(request.GET, statements.now(customer_id))
    return times if times.error else statements.statement(customer_id, times.period)


def _before(request: MemberRequest) -> int | None:
    """The line to go on after; 0 for none that could be."""
    text = request.GET.get("before", "")
    if not text:
        return None
    is_number = text.isascii() and text.isdecimal() and len(text) < 19
    return int(text) if is_number else 0


def _may_buy(request: MemberRequest) -> bool:
    is_sandbox = request.member.customer.sandbox_of_id is not None
    return Right.BUY in RIGHTS[request.member.role] and not is_sandbox
