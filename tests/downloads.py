"""What a browser would have on its disk."""

from asgiref.sync import async_to_sync
from django.http import HttpResponse, StreamingHttpResponse


def downloaded(response: HttpResponse | StreamingHttpResponse) -> bytes:
    """All of it, of a file that is sent in parts too."""
    if isinstance(response, StreamingHttpResponse) and response.is_async:
        return async_to_sync(_all)(response)
    return b"".join(response) if response.streaming else response.content


async def _all(response: StreamingHttpResponse) -> bytes:
    return b"".join([part async for part in response])
