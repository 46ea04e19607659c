"""How this service speaks HTTP: uvicorn's protocol, with fewer system calls, no upgrades, refusals
that are problem documents, and an end to its patience with clients that do not finish."""

import asyncio
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from accounts.request_ids import request_id
from config import malformed
from ledger.fastpath.refusals import MalformedRequest

# A client that is still sending the same request after this, or sends none, is hung up on, at the
# latest after twice as long.
REQUEST_SECONDS: Final = 30.0
# A connection whose request was answered stays open for the next one. Clients and balancers let go
# after 5 to 60 seconds: were we the first to, a request under way would find nobody.
KEEP_ALIVE_SECONDS: Final = 75
# As much as may come without a request's head ending, or its body going on: more headers than any
# client has, or trailers. What is read at once may be more.
HEAD_MAX: Final = 64 * 1024


class JoinedWrites(asyncio.Transport):
    """Sends two writes of one turn of the loop as one: uvicorn writes the head of an answer and its
    body one after the other, and a system call costs more than all that we do between."""

    __slots__ = ("_call_soon", "_pending", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._pending: Any = b""

    def write(self, data: Any) -> None:
        if self._pending:
            self._pending = b"".join((self._pending, data))
            self._flush()
        else:
            self._pending = data
            self._call_soon(self._flush)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._transport.set_protocol(protocol)

    def _flush(self) -> None:
        if self._pending:
            data, self._pending = self._pending, b""
            # A client may have left since, as from a download.
            if not self._transport.is_closing():
                self._transport.write(data)


class Protocol(HttpToolsProtocol):
    patience = REQUEST_SECONDS
    keep_alive = KEEP_ALIVE_SECONDS

    _timer: asyncio.TimerHandle
    _seen: object = None
    _goes_on = False
    _heard = 0  # bytes since it last went on

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.timeout_keep_alive = self.keep_alive

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(JoinedWrites(transport, self.loop))
        self._timer = self.loop.call_later(self.patience, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        self._goes_on = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._goes_on = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._goes_on = True
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._goes_on = False
        self._parse(data)
        self._heard = 0 if self._goes_on else self._heard + len(data)
        if self._heard > HEAD_MAX and not self.transport.is_closing():
            self.flow.pause_reading()
            self.send_400_response(f"The head of a request takes {HEAD_MAX // 1024} KiB at most.")

    def _parse(self, rest: bytes | memoryview) -> None:
        while True:
            try:
                self.parser.feed_data(rest)
                return
            except httptools.HttpParserError:
                self.send_400_response("Invalid HTTP request received.")
                return
            except httptools.HttpParserUpgrade as upgrade:
                rest = memoryview(rest)[upgrade.args[0] :]
                if not self._ignore_upgrade():
                    return

    def _should_upgrade(self) -> bool:
        """Asked of a request that the parser takes for an upgrade. uvicorn lets it alone then."""
        return True

    def _ignore_upgrade(self) -> bool:
        """A server may ignore an Upgrade header (RFC 9110, 7.8), and Java's client sends one with
        each request. But the parser takes what follows such a head for another protocol, so that
        uvicorn would serve the request without its body, and the body as the next request. Hence
        a new parser, which is given the head without this header, and then what followed."""
        method = self.scope["method"].encode()
        if method == b"CONNECT":
            self.send_400_response("This server is no proxy.")
            return False
        version = self.parser.get_http_version().encode()
        head = [b"%b %b HTTP/%b\r\n" % (method, self.url, version)]
        head += [b"%b: %b\r\n" % line for line in self.headers if line[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        # As uvicorn's own.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        try:
            self.parser.feed_data(b"".join([*head, b"\r\n"]))
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
            return False
        return True

    def send_400_response(self, msg: str) -> None:
        self.logger.warning(msg)
        cycle = self.cycle
        if cycle is not None and not cycle.more_body and not cycle.response_complete:
            # The requests before this one are answered, and it is not.
            cycle.keep_alive = False
            return
        begun = cycle is not None and cycle.scope is self.scope and cycle.response_started
        # Where requests wait, this would be taken for the answer to the first of them.
        if not begun and not self.pipeline:
            name = request_id(None)
            reply = malformed.refusal(MalformedRequest(msg), name)
            headers = [
                *reply.headers,
                (b"content-length", b"%d" % len(reply.body)),
                (b"x-request-id", name.encode()),
                (b"connection", b"close"),
            ]
            lines = [b"%b: %b\r\n" % header for header in headers]
            self.transport.write(b"".join([STATUS_LINE[400], *lines, b"\r\n", reply.body]))
        self.transport.close()

    def _look(self) -> None:
        """Two looks that find the same request unfinished, or none at all, are enough. One timer
        for a connection costs its requests nothing; between them it is another's that runs."""
        cycle = self.cycle
        is_ours = (
            self.pipeline
            or self.timeout_keep_alive_task is not None
            or (cycle is not None and not cycle.more_body and not cycle.response_complete)
        )
        if not is_ours and self._seen is self.scope:
            self.transport.close()
            return
        self._seen = None if is_ours else self.scope
        self._timer = self.loop.call_later(self.patience, self._look)
