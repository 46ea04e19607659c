"""A file that is not given: one of other days than were asked for would be taken for those."""

from http import HTTPStatus

from django.http import HttpResponse


def refused(why: str) -> HttpResponse:
    """In one plain sentence, not a page: a program may have asked."""
    return HttpResponse(
        why, content_type="text/plain; charset=utf-8", status=HTTPStatus.BAD_REQUEST
    )
