"""The heads of all chains of seals, for whoever keeps them where nobody here can change them."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts import audit, csv_files
from ledger import head_files, seals


def page(request: HttpRequest) -> HttpResponse:
    _require(request)
    context = {"title": "Heads of the chains", "latest": seals.latest()}
    return render(request, "ledger/admin/heads.html", admin.site.each_context(request) | context)


def download(request: HttpRequest) -> HttpResponseBase:
    _require(request)
    audit.record("heads.exported", ("ledger_seal", ""))
    rows = map(head_files.row, seals.heads())
    return csv_files.download("heads.csv", head_files.HEADER, rows)


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm("ledger.export_heads"):
        raise PermissionDenied
