"""Where people come first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def start(request: HttpRequest) -> HttpResponse:
    return render(request, "start/index.html")


def top_up(request: HttpRequest) -> HttpResponse:
    """Where a refusal for want of credits leads to, as long as there is nothing to buy them at."""
    return render(request, "start/top_up.html")
