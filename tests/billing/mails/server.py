"""A mail server on loopback: it takes what comes, or does what mail servers do instead."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


class MailServer(ThreadingTCPServer):
    """`refusal` is its answer to a whole mail; `is_cut_off`: it takes the mail and hangs up before
    it says so."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[EmailMessage] = []
        self.to: list[str] = []
        self.refusal = ""
        self.is_cut_off = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(StreamRequestHandler):
    """As much of RFC 5321 as a client needs to hand a mail over."""

    server: MailServer

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].split(":")[0].upper()
            if verb == "RCPT":
                self.server.to.append(line.split("<")[1].split(">")[0])
            if verb == "DATA":
                self._say("354 go on")
                if self._take():
                    return
            else:
                self._say("221 bye" if verb == "QUIT" else "250 fine")

    def _take(self) -> bool:
        """Whether the connection is to be cut."""
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if self.server.refusal:
            self._say(self.server.refusal)
            return False
        found = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.server.mails.append(found)
        if not self.server.is_cut_off:
            self._say("250 taken")
        return self.server.is_cut_off

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def listening() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
