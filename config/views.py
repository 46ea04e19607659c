"""What is answered where no view of a room is asked, or none could answer."""

from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

from config.exceptions import answer, is_api
from config.problems import PROBLEMS, may_succeed_later, title
from config.remedies import REMEDIES


def problems(request: HttpRequest) -> HttpResponse:
    listed = [
        {"code": code, "title": title(code), **problem._asdict()}
        for code, problem in PROBLEMS.items()
    ]
    return render(request, "problems/index.html", {"problems": listed})


def problem(request: HttpRequest, code: str) -> HttpResponse:
    if code not in PROBLEMS:
        raise Http404
    context = {
        "title": title(code),
        "problem": PROBLEMS[code],
        "remedy": REMEDIES[code],
        "may_succeed_later": may_succeed_later(code),
    }
    return render(request, "problems/problem.html", context)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return answer(request, "invalid-request")
    if isinstance(exception, DisallowedHost):
        return HttpResponse(str(exception), status=400, content_type="text/plain")
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return answer(request, "not-found", "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        return answer(request, "internal-error")
    return defaults.server_error(request)
