"""Who asks is told to the database, so that what a request changes is entered as theirs.

What only reads costs no statement, and neither does what somebody unknown sends.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.acting import CURRENT, CurrentRequest


class Audited:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        current = CurrentRequest(request)
        outer = CURRENT.set(current)
        try:
            if current.writes() and current.person() is not None:
                current.tell()
            return self.get_response(request)
        finally:
            CURRENT.reset(outer)
            current.forget()
