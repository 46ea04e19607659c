from functools import cache

import msgspec
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.exceptions import reading
from config.openapi.document import document as described_api


@reading
def document(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_document(), content_type="application/json")


# Swagger UI's style sheet has its icons in it.
@csp_update({"img-src": ["'self'", "data:"]})
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "docs/index.html")


@cache
def _document() -> bytes:
    return msgspec.json.encode(described_api())
