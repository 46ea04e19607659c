"""What Getting started shows in each language runs as it is, and tells a refusal in words."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from billing.portal.start import snippets
from billing.portal.start.first_call import FirstCall

KEY = "ddk_0123456789abcdefghijklmnopqrstuv_012345"
BODY = json.dumps({"prompt": 'It\'s `a` "test" \\ of $HOME, ${PATH}, %s é \n'}, ensure_ascii=False)
PROGRAMS = {
    "curl": ("curl", "first_call.sh", None, ["bash", "first_call.sh"]),
    "python": ("python3", "first_call.py", None, ["python3", "first_call.py"]),
    "javascript": ("node", "first-call.mjs", None, ["node", "first-call.mjs"]),
    "go": ("go", "first_call.go", ["go", "build", "first_call.go"], ["./first_call"]),
    "php": ("php", "first_call.php", None, ["php", "first_call.php"]),
    "java": ("javac", "FirstCall.java", ["javac", "FirstCall.java"], ["java", "FirstCall"]),
}


class Api(BaseHTTPRequestHandler):
    """Answers as it is told, and keeps what it was asked."""

    status = 200
    asked: list[tuple[str, str, str | None, str | None, str]] = []

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        told = self.headers.get("Authorization"), self.headers.get("Content-Type")
        self.asked.append((self.command, self.path, *told, self.rfile.read(length).decode()))
        answer = b'{"title": "said by the service"}'
        self.send_response(type(self).status)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, *said: object) -> None:
        """Nothing is wrong."""


@contextmanager
def api() -> Iterator[str]:
    Api.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def written(code, call, folder):
    """And compiled, where that is done before."""
    program, file, build, run = PROGRAMS[code]
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program} to run it with")
    if code == "php" and b"curl" not in subprocess.check_output(["php", "-m"]):
        pytest.skip("this PHP lacks its usual client, curl")
    text = next(one.text for one in snippets.of(call, KEY) if one.code == code)
    (folder / file).write_text(text)
    if build:
        cache = {"GOCACHE": os.environ.get("GOCACHE", os.path.expanduser("~/.cache/go-build"))}
        subprocess.run(build, cwd=folder, check=True, env=os.environ | cache)
    return run


def said(run, folder):
    return subprocess.run(run, cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("code", snippets.LANGUAGES)
def test_each_runs_and_tells_a_refusal(code, tmp_path, settings):
    settings.TOP_UP_URL = "https://credits.example.com/portal/buy/"
    with api() as address:
        run = written(code, FirstCall("POST", f"{address}/v1/generate", BODY, None), tmp_path)
        Api.status = 200
        good = said(run, tmp_path)
        assert good.returncode == 0, good.stderr
        assert "said by the service" in good.stdout
        sent = ("POST", "/v1/generate", f"Bearer {KEY}", "application/json", BODY)
        assert Api.asked == [sent]
        for status, words in ((402, settings.TOP_UP_URL), (429, "Seconds to wait: 7")):
            Api.status = status
            bad = said(run, tmp_path)
            told = bad.stdout + bad.stderr
            assert bad.returncode != 0 and "said by the service" in told, told
            assert code == "curl" or (words in told and str(status) in told), told


@pytest.mark.parametrize("code", snippets.LANGUAGES)
def test_without_a_body_it_asks(code, tmp_path):
    with api() as address:
        run = written(code, FirstCall("GET", f"{address}/v1/balance", "", None), tmp_path)
        Api.status = 200
        done = said(run, tmp_path)
        assert done.returncode == 0, done.stderr
        assert Api.asked[0][:3] == ("GET", "/v1/balance", f"Bearer {KEY}")
        assert Api.asked[0][4] == ""
