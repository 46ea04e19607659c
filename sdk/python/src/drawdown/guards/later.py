"""Answers of Django that are not there yet when the view returns: the hold ends with them."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse

from drawdown.holding import Hold

# Called as __exit__ or __aexit__ is, once or more often.
Exit = Callable[..., Any]


class Gone(Exception):
    """The server stopped before the end of the answer, as it does when the client is gone."""


def comes_later(response: HttpResponseBase) -> bool:
    if isinstance(response, SimpleTemplateResponse):
        return not response.is_rendered
    return isinstance(response, StreamingHttpResponse)


def end_later(response: Any, hold: Hold, exit: Exit) -> None:
    is_async = iscoroutinefunction(exit)
    end = async_to_sync(exit) if is_async else exit
    if isinstance(response, StreamingHttpResponse):
        _end_when_closed(response, hold, end, exit if is_async else sync_to_async(exit))
    else:
        _end_when_rendered(response, hold, end)


def _end_when_rendered(response: Any, hold: Hold, end: Exit) -> None:
    def render() -> Any:
        del response.render  # caches pickle what is rendered
        try:
            rendered = response.render()
        except BaseException as error:
            end(*_raised(error))
            raise
        hold.answered(rendered.status_code)
        end(None, None, None)
        return rendered

    response.render = render


def _end_when_closed(response: Any, hold: Hold, end: Exit, end_async: Exit) -> None:
    """Servers close it, complete or not, but where it raises."""
    is_complete = False

    def parts(taken: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal is_complete
        try:
            yield from taken
        except Exception as error:
            end(*_raised(error))
            raise
        is_complete = True

    async def parts_async(taken: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        nonlocal is_complete
        try:
            async for part in taken:
                yield part
        except Exception as error:
            await end_async(*_raised(error))
            raise
        is_complete = True

    def close() -> None:
        del response.close
        response.close()
        if is_complete:
            hold.answered(response.status_code)
            end(None, None, None)
        else:
            end(*_raised(Gone()))

    watched = parts_async if response.is_async else parts
    response.streaming_content = watched(response.streaming_content)
    response.close = close


def _raised(error: BaseException) -> tuple[Any, ...]:
    return type(error), error, error.__traceback__
